"""A stateful double of Stripe: the real API over HTTP, the pages a customer sees, and signed webhooks.

It speaks as Stripe does since API version 2026-05-27.dahlia: form-encoded requests, idempotency keys, `expand[]`,
lists with cursors, errors with type and code, `Stripe-Signature: t=…,v1=…`. Stripe's own client and dj-stripe talk to
it unchanged.

In tests (fixture `stripe_double` of tests/payments.py, which all tests may use):

    stripe_double.url                    base address: STRIPE_API_BASE is set to it
    stripe_double.pay(session_id)        what the customer does on the payment page (card=…)
    stripe_double.take()                 events not yet delivered, oldest first; they wait while nobody listens
    stripe_double.sign(event)            (body, headers) of one webhook, to be posted by Django's test client
    stripe_double.listen(url, secret)    from here on each event is posted there, signed, repeated until 2xx
    stripe_double.chaos(shuffle=True, double=True, delay_s=(0, 2), drop=0.1, seed=7)
    stripe_double.advance(days=31)       time goes on: renewals, retries, trial ends, cancellations
    stripe_double.decline(customer_id)   the card is refused from now on; decline(…, False) ends it
    stripe_double.outage(3)              the next three requests of the API are answered with 500

    stripe_double.listen(url, secret)    from here on each event is posted there, signed, repeated until 2xx
and code, its button has the id `pay`; the portal's buttons are `do` = cancel, resume, card; its link back has the id
`return`.

As a process of its own (`make up` starts it where no STRIPE_SECRET_KEY is set):

    STRIPE_WEBHOOK_SECRET=whsec_… python -m deploy.sandbox --port 12111 --webhook http://…/billing/webhooks/stripe/

The same controls are forms on its page `/` and `POST /_sandbox/…` with JSON: advance {"days": 31}, decline
{"customer": …, "declined": true}, chaos {…}, outage {"times": 3}.

Test cards: 4242 4242 4242 4242 pays; 4000 0000 0000 0002 declined; 4000 0000 0000 9995 insufficient funds;
4000 0000 0000 0069 expired; 4000 0000 0000 0341 pays once and is declined at each renewal (Stripe's declines the first
charge too).

What is simpler than Stripe: a renewal's invoice is final at once, not after an hour; retries after 3, 5 and 7 days,
then the subscription is cancelled; automatic tax knows six countries; one account, test mode only.
"""

from deploy.sandbox.stripe.server import StripeDouble

__all__ = ["StripeDouble"]
