"""The `dtype_policy` parameter as the name of a policy of Keras's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from skimgrec.neural_network._runtime import load_keras


def policy_name(dtype_policy: str | None) -> str:
    """Return the name of the policy to build a network under.

    Parameters
    ----------
    dtype_policy : str or None
        A name of Keras's; "auto" for "mixed_bfloat16" where the processor calculates in it, else "float32"; None for
        the policy that Keras is set to.
    """
    if dtype_policy is None:
        return load_keras().config.dtype_policy().name
    if dtype_policy == "auto":
        return "mixed_bfloat16" if _calculates_in_bfloat16() else "float32"
    return dtype_policy


@cache
def _calculates_in_bfloat16() -> bool:
    # Without such instructions a CPU emulates the type, and is slower than in float32.
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("flags")[2].partition("\n")[0].split()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags
