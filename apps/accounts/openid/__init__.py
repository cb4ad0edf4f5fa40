"""Sign-in through any OpenID Connect provider: allauth's, with the checks it leaves out."""
