# Workloads: the deployment robot may log in on web hosts as `deploy`, for a quarter of an hour; people may not.
#
# Which certificates are workloads is the host's configuration: [[ca]] kind = "workload", or
# certificate.workload_principals = ["deploy"], or certificate.workload_extension.
# endpoints = ["unix:/run/opa/opa.sock:/v0/data/sojourn/workloads/answer"], dialect = "opa"
#
# | who                 | certificate says | host | labels        | time                 | outcome    |
# |---------------------|------------------|------|---------------|----------------------|------------|
# | workload deploy     |                  | web1 | role=web      | 2026-11-23T12:00:00Z | in, deploy |
# | workload deploy     |                  | db1  | role=database | 2026-11-23T12:00:00Z | no         |
# | workload backup     |                  | web1 | role=web      | 2026-11-23T12:00:00Z | no         |
# | deploy              |                  | web1 | role=web      | 2026-11-23T12:00:00Z | no         |

package sojourn.workloads

import rego.v1

default answer := {"decision": false, "context": {"reason_user": {"en": "Only the deployment workload logs in here, on web hosts."}}}

answer := {"decision": true, "context": {"host_grant": {"groups": ["deploy"], "max_session_seconds": 900}}} if {
	input.action.name == "login"
	input.action.properties.account == "deploy"
	input.subject.type == "workload"
	input.subject.id == "deploy"
	input.resource.properties.labels.role == "web"
}
