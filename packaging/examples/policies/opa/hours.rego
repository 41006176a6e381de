# Hours: external people may log in between 08:00 and 18:00 UTC, for half an hour.
#
# The time is the host's (context.time, always UTC). Hosts ask again while a session lasts (session.reevaluate, every minute): one that was
# let in at 17:59 ends soon after 18:00.
# endpoints = ["unix:/run/opa/opa.sock:/v0/data/sojourn/hours/answer"], dialect = "opa"
#
# | who               | certificate says    | host | labels           | time                 | outcome |
# |-------------------|---------------------|------|------------------|----------------------|---------|
# | carol@example.com | employment=external | web1 | role=web         | 2026-11-23T08:00:00Z | in      |
# | carol@example.com | employment=external | web1 | role=web         | 2026-11-23T17:59:59Z | in      |
# | carol@example.com | employment=external | web1 | role=web         | 2026-11-23T07:59:59Z | no      |
# | carol@example.com | employment=external | web1 | role=web         | 2026-11-23T18:00:00Z | no      |
# | carol@example.com | employment=external | web1 | role=web         | 2026-11-23T00:00:00Z | no      |
# | bob@example.com   |                     | web1 | role=web         | 2026-11-23T12:00:00Z | no      |

package sojourn.hours

import rego.v1

# Undefined, and so a no, unless the time is written as Sojourn writes it.
clock := substring(input.context.time, 11, 8) if {
	regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`, input.context.time)
}

default answer := {"decision": false, "context": {"reason_user": {"en": "External people log in between 08:00 and 18:00 UTC."}}}

answer := {"decision": true, "context": {"host_grant": {"max_session_seconds": 1800}}} if {
	input.action.name == "login"
	input.subject.type == "user"
	input.action.properties.account == split(input.subject.id, "@")[0] # not as root, nor as somebody else
	"external" in input.subject.properties.employment
	clock >= "08:00:00"
	clock < "18:00:00"
}
