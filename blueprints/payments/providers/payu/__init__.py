"""PayU Latam: WebCheckout, confirmations, Queries API and refunds. See docs/payments-payu.md."""
