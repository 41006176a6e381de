"""Starts the policy endpoint: `python3 -m policy_endpoint --policies DIR`, or `python3 …/policy_endpoint --policies DIR`."""

import argparse
import json
import os
import signal
import ssl
import sys
import threading
from pathlib import Path

if not __package__:  # started by the folder's path: make the package importable by its name
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policy_endpoint.control import ControlExchange
from policy_endpoint.decision import DecisionPoint
from policy_endpoint.directory import Directory, MalformedDirectory
from policy_endpoint.endpoint import EVALUATION, Endpoint, EndpointExchange
from policy_endpoint.journal import Journal
from policy_endpoint.listener import Listener, tls_context
from policy_endpoint.misbehaviour import Misbehaviour, Switch, UnknownMisbehaviour
from policy_endpoint.modes import TABLE
from policy_endpoint.opa import DataEndpoint, DataExchange
from policy_endpoint.opa_modes import BARE_TABLE, WRAPPED_TABLE
from policy_endpoint.policies import MalformedPolicy, Policies
from policy_endpoint.rego import MalformedRego, RegoPolicies


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="policy_endpoint", description="An AuthZEN 1.0 policy endpoint over Cedar, or OPA's data API over Rego.")
    engine = parser.add_mutually_exclusive_group(required=True)
    engine.add_argument("--policies", type=Path, metavar="DIR", help="folder of *.cedar files, asked as AuthZEN says")
    engine.add_argument("--rego", type=Path, metavar="DIR", help="folder of *.rego files, asked as OPA says: /v0/data/…, /v1/data/…")
    parser.add_argument("--entities", type=Path, metavar="FILE", help="directory of people; without it subjects describe themselves")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8181, help="0 chooses a free one and prints it (default: %(default)s)")
    parser.add_argument("--control-port", type=int, metavar="PORT", help="control interface for tests; 0 chooses")
    parser.add_argument("--certificate", type=Path, metavar="PEM", help="speak HTTPS with this certificate chain")
    parser.add_argument("--key", type=Path, metavar="PEM", help="its private key")
    parser.add_argument("--client-ca", type=Path, metavar="PEM", help="require client certificates of this CA")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append every request and answer, a JSON line each")
    parser.add_argument("--misbehave", metavar="MODE", help="start misbehaving: a mode, or a JSON object with its options")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="written when listening: url, ports and pid as JSON")
    options = parser.parse_args()
    if (options.certificate is None) != (options.key is None):
        parser.error("--certificate and --key belong together")
    if options.client_ca is not None and options.certificate is None:
        parser.error("--client-ca needs --certificate and --key")
    return options


def misbehaviour(text: str | None, table: tuple) -> Misbehaviour | None:
    """Raises UnknownMisbehaviour."""
    if text is None:
        return None
    try:
        document = json.loads(text) if text.startswith("{") else {"mode": text}
    except ValueError as error:
        raise UnknownMisbehaviour(f"--misbehave is not JSON: {error}") from None
    return Misbehaviour.read(document, table)


def announce(options: argparse.Namespace, endpoint: Listener, control: Listener | None):
    """Says where the endpoint is; the ready file appears whole or not at all."""
    facts = {"url": endpoint.base_url + (EVALUATION if options.rego is None else "/v0/data/"), "port": endpoint.port,
             "control_port": None if control is None else control.port, "pid": os.getpid()}
    print(f"listening on {facts['url']}" + ("" if control is None else f", control on {control.base_url}"), flush=True)
    if options.ready_file is not None:
        partial = options.ready_file.with_name(options.ready_file.name + ".partial")
        partial.write_text(json.dumps(facts) + "\n")
        partial.replace(options.ready_file)


def main() -> int:
    options = arguments()
    try:
        table = TABLE if options.rego is None else WRAPPED_TABLE + BARE_TABLE
        switch = Switch(misbehaviour(options.misbehave, table), table)
        journal = Journal(options.log)
        tls = None if options.certificate is None else tls_context(options.certificate, options.key, options.client_ca)
        if options.rego is None:
            directory = None if options.entities is None else Directory.load(options.entities)
            handler, application = EndpointExchange, Endpoint(DecisionPoint(Policies(options.policies), directory), journal, switch)
        else:
            handler, application = DataExchange, DataEndpoint(RegoPolicies(options.rego), journal, switch)
        endpoint = Listener((options.address, options.port), handler, application, tls)
        if options.rego is None:
            application.decisions.desk.base_url = endpoint.base_url
        control = None if options.control_port is None else Listener(("127.0.0.1", options.control_port), ControlExchange, application)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        announce(options, endpoint, control)
    except (MalformedPolicy, MalformedRego, MalformedDirectory, UnknownMisbehaviour, OSError, OverflowError, ssl.SSLError) as error:
        Journal.complain(str(error))
        return 1
    if control is not None:
        threading.Thread(target=control.serve_forever, daemon=True).start()
    try:
        endpoint.serve_forever()
    except KeyboardInterrupt:
        return 130
    finally:
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
