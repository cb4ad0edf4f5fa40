"""Every route names the capability it needs; a plan without it answers 402 with the plans that have it."""

from __future__ import annotations

from apps.accounts.needs import ALWAYS, plan_for
from apps.accounts.rules import IN_PERSON, RIGHTS, SIGNED_IN
from apps.billing.models import Plan
from apps.billing.rules.capabilities import BASE, CAPABILITIES, CAPABILITY_OF_RIGHT, capability_of
from apps.billing.selectors import forget_terms
from tests.access.routes import METHODS, Route
from tests.access.table import WEBSOCKETS, rights_of_route
from tests.access.test_answers import Walk, code_of, content_of, guarded, is_let_in, lacks_plan, lines
from tests.access.world import World

# Written by hand: what these promise is S1's. Live trading asks for its capability when a bot is deployed.
PROMISED = {
    "GET api/v1/webhook-endpoints/": ALWAYS,
    "POST api/v1/webhook-endpoints/": "can.send_webhooks",
    "DELETE api/v1/webhook-endpoints/{uuid}/": ALWAYS,
    "POST api/v1/webhook-endpoints/{uuid}/replay/": "can.send_webhooks",
    "GET settings/workspace/webhooks/": ALWAYS,
    "POST settings/workspace/webhooks/new/": "can.send_webhooks",
    "POST settings/workspace/members/": "can.manage_users",
    "POST api/v1/workspaces/{uuid}/invitations/": "can.manage_users",
    "POST settings/workspace/members/{uuid}/remove/": ALWAYS,
    "POST api/v1/bots/": "can.run_bots",
    "POST api/v1/bots/{uuid}/deploy/": "can.run_bots",
    "POST api/v1/bots/{uuid}/stop/": ALWAYS,
    "POST bots/{uuid}/stop/": ALWAYS,
    "POST api/v1/backtests/": "can.run_backtests",
    "POST api/v1/backtests/{uuid}/cancel/": ALWAYS,
    "POST api/v1/alarms/": "can.receive_signals",
    "POST api/v1/formulas/": "can.write_formulas",
    "POST api/v1/formulas/{uuid}/shares/": "can.share_formulas",
    "POST api/v1/bars/": "can.import_data",
    "POST api/v1/api-keys/": "can.use_api",
    "GET api/v1/api-keys/": ALWAYS,
    "POST api/v1/trading/exchanges/connect/": "can.connect_accounts",
    "POST api/v1/trading/kill-switches/": ALWAYS,
    "POST api/v1/trading/orders/{uuid}/cancel/": ALWAYS,
    "PATCH api/v1/workspaces/{uuid}/": ALWAYS,
}


def needed(route: Route, method: str, right: str) -> str:
    """The capability that the route names itself, or its right does."""
    if right in (SIGNED_IN, IN_PERSON):
        return ALWAYS
    if not route.is_api:
        return capability_of(right, getattr(route.view, "plans", ("", ""))[method != "GET"])
    actions = getattr(route.view, "actions", None) or {}
    named = plan_for(route.view.cls, actions.get(method.lower(), method.lower()), method)
    return capability_of(right, named)


def test_every_right_has_its_capability():
    assert set(CAPABILITY_OF_RIGHT) == set(RIGHTS)
    assert set(CAPABILITY_OF_RIGHT.values()) <= {ALWAYS, *CAPABILITIES}
    for right in RIGHTS:
        assert not right.endswith(".view") or CAPABILITY_OF_RIGHT[right] == ALWAYS, "reading needs no plan"
    assert {capability_of(right) for right in WEBSOCKETS.values() if right != SIGNED_IN} == {ALWAYS}


def test_every_route_names_its_capability():
    found = {f"{method} {route.name}": needed(route, method, right) for route, method, right in lines()}
    assert {name: found[name] for name in PROMISED} == PROMISED
    used = {name for name in found.values() if name != ALWAYS}
    coming = {name for name, one in CAPABILITIES.items() if one.is_coming}
    assert used | coming | {"can.trade_live"} == set(CAPABILITIES), "a capability that nothing asks for"


def test_every_plan_holds_what_everybody_could_do(db):
    for plan in Plan.objects.filter(is_current=True):
        assert set(BASE) <= set(plan.capabilities), plan.code


def test_a_plan_without_a_capability_refuses_its_routes_alone(world: World):
    """Of a plan that holds nothing, each route that needs something answers 402 and names who has it; of those beside
    them that need nothing, none does. That none is refused where the plan holds it, test_answers walks."""
    Plan.objects.filter(code="pro").update(capabilities=[])
    forget_terms()
    walk = Walk("owner on an empty plan", world.client(world.owner))
    seen = set()
    overridden = {right for right, capability in CAPABILITY_OF_RIGHT.items() if capability != ALWAYS}
    for route in guarded():
        for method in METHODS:
            right = rights_of_route(route.name, is_api=route.is_api).get(method)
            if right not in overridden:
                continue
            capability = needed(route, method, right)
            path = route.paths(world.owners_ids)[0]

            def refused(answer, _, capability=capability):
                names = CAPABILITIES[capability].lack.encode() in content_of(answer)
                return lacks_plan(answer) and names and b"Enterprise" in content_of(answer)

            answer = walk.step(route, method, path, refused if capability != ALWAYS else is_let_in)
            seen.add(capability)
            if capability != ALWAYS and route.is_api:
                told = answer.json()
                assert (told["capability"], told["link"]) == (capability, "/plans/"), path
                assert {"plan": "enterprise", "name": "Enterprise"} in told["options"], path
                assert code_of(answer) == "not_in_plan"
    walk.done()
    assert seen >= {ALWAYS, *CAPABILITY_OF_RIGHT.values()}
