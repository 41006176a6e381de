# Host labels: staff may log in everywhere but in production, and nobody on a host that is frozen.
#
# Labels come from the host's own configuration: [host] labels = { environment = "staging" }.
# endpoints = ["unix:/run/opa/opa.sock:/v0/data/sojourn/labels/answer"], dialect = "opa"
#
# | who               | certificate says    | host  | labels                           | time                 | outcome |
# |-------------------|---------------------|-------|----------------------------------|----------------------|---------|
# | bob@example.com   | employment=staff    | web7  | environment=staging              | 2026-11-23T12:00:00Z | in      |
# | bob@example.com   | employment=staff    | web7  | environment=staging, frozen=no   | 2026-11-23T12:00:00Z | in      |
# | bob@example.com   | employment=staff    | web7  | environment=staging, frozen=yes  | 2026-11-23T12:00:00Z | no      |
# | bob@example.com   | employment=staff    | web1  | environment=production           | 2026-11-23T12:00:00Z | no      |
# | bob@example.com   | employment=staff    | odd1  |                                  | 2026-11-23T12:00:00Z | no      |
# | carol@example.com | employment=external | web7  | environment=staging              | 2026-11-23T12:00:00Z | no      |

package sojourn.labels

import rego.v1

labels := input.resource.properties.labels

frozen if labels.frozen == "yes"

default answer := {"decision": false, "context": {"reason_user": {"en": "Staff log in outside of production, on hosts that are not frozen."}}}

answer := {"decision": true, "context": {"host_grant": {"max_session_seconds": 28800}}} if {
	input.action.name == "login"
	input.subject.type == "user"
	input.action.properties.account == split(input.subject.id, "@")[0] # not as root, nor as somebody else
	"staff" in input.subject.properties.employment
	labels.environment != "production"
	not frozen
}
