"""Who somebody is: tokens of an OpenID Connect issuer, checked for the gateway."""
