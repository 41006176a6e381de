# Contractors: each for one host and one day (UTC), and for nothing else. A session does not outlast eight hours.
#
# endpoints = ["unix:/run/opa/opa.sock:/v0/data/sojourn/contractors/answer"], dialect = "opa"
#
# | who                 | certificate says | host | labels        | time                 | outcome  |
# |---------------------|------------------|------|---------------|----------------------|----------|
# | mia@contractor.example |               | db1  | role=database | 2026-11-23T00:00:00Z | in       |
# | mia@contractor.example |               | db1  | role=database | 2026-11-23T23:59:59Z | in       |
# | mia@contractor.example |               | db1  | role=database | 2026-11-22T23:59:59Z | no       |
# | mia@contractor.example |               | db1  | role=database | 2026-11-24T00:00:00Z | no       |
# | mia@contractor.example |               | db2  | role=database | 2026-11-23T12:00:00Z | no       |
# | noah@contractor.example |              | db1  | role=database | 2026-11-23T12:00:00Z | no       |
# | noah@contractor.example |              | web1 | role=web      | 2026-11-25T09:00:00Z | in, logs |

package sojourn.contractors

import rego.v1

contracts := [
	{"subject": "mia@contractor.example", "host": "db1", "day": "2026-11-23", "groups": []},
	{"subject": "noah@contractor.example", "host": "web1", "day": "2026-11-25", "groups": ["logs"]},
]

default answer := {"decision": false, "context": {"reason_user": {"en": "There is no contract for you, this host and today."}}}

answer := {"decision": true, "context": {"host_grant": {"groups": groups, "max_session_seconds": 28800}}} if {
	input.action.name == "login"
	input.subject.type == "user"
	input.action.properties.account == split(input.subject.id, "@")[0] # not as root, nor as somebody else
	some contract in contracts
	contract.subject == input.subject.id
	contract.host == input.resource.id
	startswith(input.context.time, concat("", [contract.day, "T"]))
	groups := contract.groups
}
