# Departments: a host with the label `department` is for the people of that department only, for a working day.
#
# The department comes from the certificate: [[ca]] attributes = { department = "extension:department@example.com" }.
# endpoints = ["unix:/run/opa/opa.sock:/v0/data/sojourn/departments/answer"], dialect = "opa"
#
# | who               | certificate says      | host  | labels                       | time                 | outcome |
# |-------------------|-----------------------|-------|------------------------------|----------------------|---------|
# | alice@example.com | department=data       | etl1  | department=data              | 2026-11-23T12:00:00Z | in      |
# | sue@example.com   | department=sales+data | etl1  | department=data              | 2026-11-23T12:00:00Z | in      |
# | bob@example.com   | department=products   | etl1  | department=data              | 2026-11-23T12:00:00Z | no      |
# | bob@example.com   |                       | etl1  | department=data              | 2026-11-23T12:00:00Z | no      |
# | alice@example.com | department=data       | misc1 |                              | 2026-11-23T12:00:00Z | no      |

package sojourn.departments

import rego.v1

default answer := {"decision": false, "context": {"reason_user": {"en": "This host belongs to another department."}}}

answer := {"decision": true, "context": {"host_grant": {"max_session_seconds": 28800}}} if {
	input.action.name == "login"
	input.subject.type == "user"
	input.action.properties.account == split(input.subject.id, "@")[0] # not as root, nor as somebody else
	input.resource.properties.labels.department in input.subject.properties.department
}
