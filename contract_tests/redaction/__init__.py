"""How is the key kept out of all output?"""

from contract_tests.redaction.names import is_secret, secrets_in
from contract_tests.redaction.secrets import KEY_ESCAPED, KEY_MARK, KEY_VARIABLE, Secrets, redacted

__all__ = ["KEY_ESCAPED", "KEY_MARK", "KEY_VARIABLE", "Secrets", "is_secret", "redacted", "secrets_in"]
