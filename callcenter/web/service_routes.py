"""The part of the route table about service levels, approval rules, reports over many orders, and messages."""

from __future__ import annotations

from callcenter.auth.permissions import Permission as P  # noqa: N817 - a table is read across, one line per route
from callcenter.web.api import approval_rules, notifications, order_steps, service_levels
from callcenter.web.route import Route, Unit

SERVICE_ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/work-orders/{order_id}/sla", P.ORDERS, service_levels.of_order, Unit.READ),
    Route("GET", "/api/sla", P.ORDERS, service_levels.read_table, Unit.READ),
    Route("PUT", "/api/sla", P.RULES, service_levels.save_table, Unit.WRITE),
    Route("GET", "/api/sla/versions", P.RULES, service_levels.versions, Unit.READ),
    Route("GET", "/api/sla/alerts", P.REPORTS, service_levels.alerts, Unit.READ),
    Route("GET", "/api/approval-rules", P.ORDERS, approval_rules.read, Unit.READ),
    Route("PUT", "/api/approval-rules", P.RULES, approval_rules.save, Unit.WRITE),
    Route("GET", "/api/approval-rules/versions", P.RULES, approval_rules.versions, Unit.READ),
    Route("GET", "/api/reports/sla", P.REPORTS, service_levels.attainment, Unit.READ),
    Route("GET", "/api/reports/trails", P.REPORTS, order_steps.verify_newest, Unit.READ),
    Route("GET", "/api/reports/stages", P.REPORTS, service_levels.stage_times, Unit.READ),
    Route("GET", "/api/reports/outlook", P.REPORTS, service_levels.outlook, Unit.READ),
    Route("GET", "/api/notify", P.RULES, notifications.read_rules, Unit.READ),
    Route("PUT", "/api/notify", P.RULES, notifications.save_rules, Unit.WRITE),
    Route("GET", "/api/notify/versions", P.RULES, notifications.versions, Unit.READ),
    Route("POST", "/api/notify/preview", P.RULES, notifications.preview, Unit.READ),
    Route("POST", "/api/notify/test", P.RULES, notifications.try_out),
    Route("GET", "/api/deliveries", P.RULES, notifications.find, Unit.READ),
    Route("GET", "/api/deliveries/unsent", P.RULES, notifications.unsent, Unit.READ),
    Route("POST", "/api/deliveries/{delivery_id}/replay", P.RULES, notifications.replay, Unit.WRITE),
    Route("GET", "/api/work-orders/{order_id}/deliveries", P.ORDERS, notifications.of_order, Unit.READ),
    Route("GET", "/api/notices", P.DESK, notifications.notices, Unit.READ),
    Route("POST", "/api/notices/read", P.DESK, notifications.read_notices, Unit.WRITE),
)
