# Tickets: production takes a certificate that was issued for a ticket; the session lasts two hours at most.
#
# The authority writes the ticket into the certificate while it is open:
# [[ca]] attributes = { ticket = "extension:ticket@example.com" }. List no extension that people can choose themselves.
# endpoints = ["unix:/run/opa/opa.sock:/v0/data/sojourn/tickets/answer"], dialect = "opa"
#
# | who               | certificate says               | host | labels                 | time                 | outcome |
# |-------------------|--------------------------------|------|------------------------|----------------------|---------|
# | alice@example.com | employment=staff, ticket=INC-4711 | db1 | environment=production | 2026-11-23T12:00:00Z | in      |
# | alice@example.com | employment=staff               | db1  | environment=production | 2026-11-23T12:00:00Z | no      |
# | alice@example.com | employment=staff, ticket=none  | db1  | environment=production | 2026-11-23T12:00:00Z | no      |
# | carol@example.com | ticket=INC-4711                | db1  | environment=production | 2026-11-23T12:00:00Z | no      |
# | alice@example.com | employment=staff, ticket=INC-4711 | dev1 | environment=test       | 2026-11-23T12:00:00Z | no      |

package sojourn.tickets

import rego.v1

tickets contains ticket if {
	some ticket in input.subject.properties.ticket
	regex.match(`^INC-[0-9]+$`, ticket)
}

default answer := {"decision": false, "context": {"reason_user": {"en": "Production takes a certificate for an open ticket: ask for one with the ticket's number."}}}

answer := {"decision": true, "context": {"host_grant": {"max_session_seconds": 7200}}} if {
	input.action.name == "login"
	input.subject.type == "user"
	input.action.properties.account == split(input.subject.id, "@")[0] # not as root, nor as somebody else
	"staff" in input.subject.properties.employment
	count(tickets) > 0
	input.resource.properties.labels.environment == "production"
}
