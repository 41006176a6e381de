"""The demo's policies, each rule both ways."""

from tests.endpoint import DATABASE, EndpointTests, login

PRODUCTION_WEB = {"environment": "production", "role": "web"}
STAGING_WEB = {"environment": "staging", "role": "web"}


class Rules(EndpointTests):
    def test_role_decides_on_production_databases(self):
        self.assertGranted(login("alice"))
        answer = self.assertRefused(login("bob"), "Production database hosts are for database administrators only.")
        self.assertIn("login for bob@example.com on db1: production-databases.", answer["context"]["reason_admin"]["en"])
        self.assertRefused(login("bob"), "nur für Datenbank-Administratoren", language="de")
        self.assertGranted(login("bob", labels={**DATABASE, "environment": "staging"}))

    def test_environment_decides_for_staff(self):
        self.assertGranted(login("bob", labels=STAGING_WEB))
        mail = {"environment": "production", "role": "mail"}
        answer = self.assertRefused(login("bob", labels=mail),
                                    "No policy permits you (staff, developer, products) this, here (environment=production, role=mail).")
        self.assertIn("It takes one of these: to be a database administrator", answer["context"]["reason_admin"]["en"])
        self.assertRefused(login("bob", labels=PRODUCTION_WEB), "Developers need an approval for production web hosts.")

    def test_a_host_without_labels_is_refused_saying_so(self):
        self.assertRefused(login("bob", labels={}), "here (without labels)")
        document = login("bob")
        del document["resource"]["properties"]
        self.assertRefused(document, "here (without labels)")

    def test_department_decides_on_departmental_hosts(self):
        self.assertGranted(login("alice", labels={**DATABASE, "department": "data"}))
        self.assertRefused(login("alice", labels={**DATABASE, "department": "security"}), "This host belongs to another department.")

    def test_contractors_have_hours(self):
        for time in ("2026-11-20T08:00:00Z", "2026-11-20T17:59:59.999Z", "2026-11-20T19:30:00+02:00", "2026-11-21T04:30:00-05:00"):
            self.assertGranted(login("carol", time=time))
        for time in ("2026-11-20T07:59:59Z", "2026-11-20T18:00:00Z", "2026-11-20T08:30:00+02:00", "2026-11-20T00:00:00Z"):
            self.assertRefused(login("carol", time=time), "Contractors may log in between 08:00 and 18:00 UTC.")

    def test_contractors_are_refused_without_a_time(self):
        for time in (None, "", "noon", "2026-11-20", "2026-11-20T12:00:00", "2026-13-20T12:00:00Z", "2026-11-20T12:00:60Z", 12, {"hour": 12},
                     "0001-01-01T12:00:00+23:59"):
            self.assertRefused(login("carol", time=time), "Contractors may log in")

    def test_hours_come_from_the_time_alone(self):
        for time in ("2026-11-20T03:00:00Z", None):
            document = login("carol", time=time)
            document["context"]["hour"] = 12
            self.assertRefused(document, "Contractors may log in")

    def test_staff_have_no_hours(self):
        for time in ("2026-11-20T03:00:00Z", None):
            self.assertGranted(login("alice", time=time))

    def test_contractors_are_bound_to_the_hosts_of_their_contract(self):
        self.assertRefused(login("carol", labels=STAGING_WEB), "No policy permits you (contractor, database-administrator, data)")

    def test_services_are_bound_to_the_hosts_that_they_serve(self):
        self.assertGranted(login("deploy-bot", labels=PRODUCTION_WEB))
        self.assertGranted(login("deploy-bot", subject="spiffe://example.com/deploy-bot"))
        self.assertRefused(login("deploy-bot", labels={"environment": "production", "role": "mail"}), "No policy permits you (service")

    def test_who_has_left_is_refused(self):
        self.assertRefused(login("erin"), "Your employment has ended.")

    def test_who_is_unknown_is_refused(self):
        self.assertRefused(login("mallory"), "You are not in the directory")

    def test_an_account_of_another_is_refused(self):
        for account in ("bob", "root", "postgres", ""):
            self.assertRefused(login("alice", account=account), "This account name is not yours.")
        document = login("alice")
        del document["action"]["properties"]
        self.assertRefused(document, "This account name is not yours.")

    def test_an_action_without_a_rule_is_refused(self):
        document = login("alice")
        document["action"]["name"] = "reboot"
        self.assertRefused(document, "No policy permits you")

    def test_sudo_is_permitted_or_not_and_grants_nothing(self):
        document = login("alice")
        document["action"] = {"name": "sudo", "properties": {"service": "sudo", "account": "alice", "target": "root"}}
        self.assertEqual(self.endpoint.ask(document), {"decision": True})
        document["action"]["properties"]["target"] = "daemon"
        self.assertRefused(document, "Service accounts belong to the teams")
        other = login("bob")
        other["action"] = {"name": "sudo", "properties": {"service": "sudo", "account": "bob", "target": "root"}}
        self.assertRefused(other, "No policy permits you")

    def test_several_reasons_are_all_said(self):
        answer = self.assertRefused(login("bob", account="alice"), "This account name is not yours. Production database hosts are")
        self.assertIn("foreign-account, production-databases", answer["context"]["reason_admin"]["en"])


class Grants(EndpointTests):
    def test_database_administrators_get_their_group_on_database_hosts(self):
        self.assertGranted(login("alice"), {"groups": ["dbops"], "shell": "/bin/bash", "max_session_seconds": 3600})
        self.assertGranted(login("alice", labels=STAGING_WEB), {"groups": [], "max_session_seconds": 28800})

    def test_grants_of_several_policies_are_merged_and_the_shortest_limit_holds(self):
        self.assertGranted(login("carol"), {"groups": ["dbops"], "shell": "/bin/bash", "max_session_seconds": 1800})
        self.assertGranted(login("alice", labels={**DATABASE, "environment": "staging"}),
                           {"groups": ["dbops"], "shell": "/bin/bash", "max_session_seconds": 3600})

    def test_an_auditor_gets_no_groups(self):
        self.assertGranted(login("dave"), {"groups": [], "shell": "/bin/bash", "max_session_seconds": 3600})

    def test_the_deployment_service_gets_its_group_for_a_short_time(self):
        self.assertGranted(login("deploy-bot"), {"groups": ["deploy"], "max_session_seconds": 900})


class People(EndpointTests):
    """Attributes of a person come from the directory, found by the subject's id or by what the CA vouches for."""

    def test_what_a_request_says_of_its_subject_does_not_count(self):
        boast = {"role": "database-administrator", "employment": "staff", "person": "alice", "accounts": ["mallory", "bob"]}
        self.assertRefused(login("bob", properties=boast), "Production database hosts")
        self.assertRefused(login("mallory", properties=boast), "You are not in the directory")

    def test_a_resource_that_is_the_subject_adds_nothing_to_the_person(self):
        document = login("bob")
        document["resource"] = {"type": "user", "id": "bob", "properties": {"role": "auditor"}}
        self.assertRefused(document, "No policy permits you")

    def test_a_person_is_found_by_name_and_by_address(self):
        for subject in ("alice", "alice@example.com"):
            self.assertGranted(login("alice", subject=subject))
        entry = self.endpoint.journal()[-1]
        self.assertEqual((entry["person"], entry["found_by"]), ("alice", "id"))

    def test_an_address_in_a_foreign_domain_is_somebody_else(self):
        for subject in ("alice@example.org", "alice@", "@example.com", "ALICE@example.com", "alice@example.com "):
            self.assertRefused(login("alice", subject=subject), "You are not in the directory")

    def test_a_free_key_id_finds_the_owner_of_a_vouched_account(self):
        self.assertGranted(login("alice", subject="ticket 4711"))
        entry = self.endpoint.journal()[-1]
        self.assertEqual((entry["person"], entry["found_by"]), ("alice", "principal"))

    def test_a_free_key_id_finds_nobody_without_the_principal(self):
        for principals in ([], ["bob"], "alice", {"alice": 1}, None):
            document = login("alice", subject="ticket 4711")
            document["context"]["credential"]["principals"] = principals
            self.assertRefused(document, "You are not in the directory")

    def test_the_subject_id_counts_before_the_principal(self):
        self.assertRefused(login("bob", account="alice", principals=["alice"]), "This account name is not yours.")
