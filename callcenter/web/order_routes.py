"""The part of the route table that is about one work order; ``callcenter.web.routes`` takes it in."""

from __future__ import annotations

from callcenter.auth.permissions import Permission as P  # noqa: N817 - a table is read across, one line per route
from callcenter.web.api import attachments, intake, order_steps, repairs, teamwork, templates, work_orders
from callcenter.web.route import Route, Unit

ORDER_ROUTES: tuple[Route, ...] = (
    Route("POST", "/api/work-orders/{order_id}/moves", P.ORDERS_EDIT, order_steps.move, Unit.WRITE, etag=True),
    Route("PUT", "/api/work-orders/{order_id}/priority", P.ORDERS_EDIT, order_steps.prioritise, Unit.WRITE, etag=True),
    Route(
        "PUT", "/api/work-orders/{order_id}/customer", P.ORDERS_EDIT, work_orders.set_customer, Unit.WRITE, etag=True
    ),
    Route("PUT", "/api/work-orders/{order_id}/parent", P.ORDERS_EDIT, order_steps.set_parent, Unit.WRITE, etag=True),
    Route("GET", "/api/work-orders/{order_id}/parts", P.ORDERS, order_steps.parts, Unit.READ),
    Route("GET", "/api/work-orders/{order_id}/progress", P.ORDERS, order_steps.progress, Unit.READ),
    Route("GET", "/api/work-orders/{order_id}/changes", P.ORDERS, order_steps.changes, Unit.READ),
    Route("GET", "/api/work-orders/{order_id}/verify", P.ORDERS, order_steps.verify, Unit.READ),
    Route("POST", "/api/intake", P.INTAKE, intake.take, Unit.WRITE, status=201),
    Route("POST", "/api/intake/webhooks/{name}", P.INTAKE, intake.webhook, Unit.WRITE, status=201),
    Route("GET", "/api/work-orders/{order_id}/reports", P.ORDERS, intake.of_order, Unit.READ),
    Route("POST", "/api/work-orders/{order_id}/chase", P.ORDERS_EDIT, intake.chase, Unit.WRITE, etag=True),
    Route("GET", "/api/reports/{report_id}/payload", P.ORDERS, intake.payload, produces=("application/octet-stream",)),
    Route(
        "POST",
        "/api/reports/{report_id}/attachments",
        P.INTAKE,
        intake.attach,
        status=201,
        consumes="application/octet-stream",
    ),
    Route("POST", "/api/reports/{report_id}/separate", P.ORDERS_EDIT, intake.separate, Unit.WRITE),
    Route("POST", "/api/intake/email", P.INTAKE, intake.email, status=201, consumes="message/rfc822"),
    Route(
        "POST",
        "/api/work-orders/{order_id}/attachments",
        P.ORDERS_EDIT,
        attachments.upload,
        status=201,
        consumes="application/octet-stream",
    ),
    Route("GET", "/api/work-orders/{order_id}/attachments", P.ORDERS, attachments.find, Unit.READ),
    Route("GET", "/api/attachments/{attachment_id}", P.ORDERS, attachments.download, produces=attachments.KINDS),
    Route("DELETE", "/api/attachments/{attachment_id}", P.ORDERS_EDIT, attachments.remove, Unit.WRITE, status=204),
    Route("GET", "/api/work-orders/{order_id}/repairs", P.ORDERS, repairs.find, Unit.READ),
    Route("GET", "/api/repairs", P.ORDERS, repairs.past, Unit.READ),
    Route("POST", "/api/work-orders/{order_id}/repairs", P.ORDERS_EDIT, repairs.record, Unit.WRITE, status=201),
    Route("GET", "/api/people", P.ORDERS, teamwork.people, Unit.READ),
    Route("GET", "/api/work-orders/{order_id}/comments", P.ORDERS, teamwork.comments, Unit.READ),
    Route("POST", "/api/work-orders/{order_id}/comments", P.ORDERS_EDIT, teamwork.comment, Unit.WRITE, status=201),
    Route("GET", "/api/work-orders/{order_id}/tasks", P.ORDERS, teamwork.tasks, Unit.READ),
    Route("POST", "/api/work-orders/{order_id}/tasks", P.ORDERS_EDIT, teamwork.add_task, Unit.WRITE, status=201),
    Route("POST", "/api/tasks/{task_id}/state", P.ORDERS_EDIT, teamwork.set_task, Unit.WRITE),
    Route("PUT", "/api/work-orders/{order_id}/handler", P.ORDERS_EDIT, teamwork.hand_over, Unit.WRITE, etag=True),
    Route("GET", "/api/approvals", P.ORDERS, teamwork.questions, Unit.READ),
    Route("GET", "/api/work-orders/{order_id}/approval-rule", P.ORDERS, teamwork.rule_for, Unit.READ),
    Route("POST", "/api/work-orders/{order_id}/approvals", P.ORDERS_EDIT, teamwork.ask_for, Unit.WRITE, status=201),
    Route("POST", "/api/approvals/{approval_id}/decision", P.ORDERS_EDIT, teamwork.decide, Unit.WRITE),
    Route("GET", "/api/templates", P.ORDERS, templates.find, Unit.READ),
    Route("GET", "/api/templates/{service_type}", P.ORDERS, templates.read, Unit.READ, etag=True),
    Route("PUT", "/api/templates/{service_type}", P.TEMPLATES_EDIT, templates.put, Unit.WRITE, etag=True),
    Route("GET", "/api/work-orders/{order_id}/replies", P.ORDERS, templates.replies, Unit.READ),
)
