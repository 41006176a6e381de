# Roles: database administrators may log in on database hosts, and get the group dbops for an hour. By sudo they may
# act as postgres there, and as nobody else: a rule for logins says nothing about sudo, whose yes grants nothing but itself.
#
# The role comes from the certificate: [[ca]] attributes = { roles = "extension:roles@example.com:csv" }.
# endpoints = ["unix:/run/opa/opa.sock:/v0/data/sojourn/roles/answer"], dialect = "opa"
#
# | who               | certificate says                    | host | labels                           | time                 | outcome   |
# |-------------------|-------------------------------------|------|----------------------------------|----------------------|-----------|
# | alice@example.com | roles=database-administrator        | db1  | role=database                    | 2026-11-23T12:00:00Z | in, dbops |
# | dora@example.com  | roles=auditor+database-administrator| db1  | role=database                    | 2026-11-23T03:00:00Z | in, dbops |
# | alice@example.com | roles=database-administrator        | web1 | role=web                         | 2026-11-23T12:00:00Z | no        |
# | bob@example.com   | roles=developer                     | db1  | role=database                    | 2026-11-23T12:00:00Z | no        |
# | bob@example.com   |                                     | db1  | role=database                    | 2026-11-23T12:00:00Z | no        |
# | alice@example.com | roles=database-administrator        | db1  |                                  | 2026-11-23T12:00:00Z | no        |
#
# | who               | certificate says             | host | labels        | sudo to  | outcome |
# |-------------------|------------------------------|------|---------------|----------|---------|
# | alice@example.com | roles=database-administrator | db1  | role=database | postgres | yes     |
# | alice@example.com | roles=database-administrator | db1  | role=database | root     | no      |
# | alice@example.com | roles=database-administrator | db1  | role=database |          | no      |
# | alice@example.com | roles=database-administrator | web1 | role=web      | postgres | no      |
# | bob@example.com   | roles=developer              | db1  | role=database | postgres | no      |

package sojourn.roles

import rego.v1

default answer := {"decision": false, "context": {"reason_user": {"en": "Database hosts are for database administrators."}}}

answer := {"decision": true, "context": {"host_grant": {"groups": ["dbops"], "max_session_seconds": 3600}}} if {
	input.action.name == "login"
	administrator
}

answer := {"decision": true} if {
	input.action.name == "sudo"
	input.action.properties.target == "postgres"
	administrator
}

administrator if {
	input.subject.type == "user"
	input.action.properties.account == split(input.subject.id, "@")[0] # not as root, nor as somebody else
	"database-administrator" in input.subject.properties.roles
	input.resource.properties.labels.role == "database"
}
