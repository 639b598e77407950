"""What every estimator shares: the picture contract and the chunks a batch is worked through in."""

from skimgrec.utils._atomic_fit import unchanged_on_failure
from skimgrec.utils._chunks import chunk_slices
from skimgrec.utils._interrupts import interrupts_passed_on, may_keep_interrupted_fit
from skimgrec.utils._labels import check_labels
from skimgrec.utils._lazy_images import LazyImages, Pictures, chunk_length, read_chunks, read_rows
from skimgrec.utils._pictures import check_image_shape, validate_pictures, with_channel_axis
from skimgrec.utils._show_versions import show_versions
from skimgrec.utils._value_range import UINT8_RANGE, value_range

__all__ = [
    "UINT8_RANGE",
    "LazyImages",
    "Pictures",
    "check_image_shape",
    "check_labels",
    "chunk_length",
    "chunk_slices",
    "interrupts_passed_on",
    "may_keep_interrupted_fit",
    "read_chunks",
    "read_rows",
    "show_versions",
    "unchanged_on_failure",
    "validate_pictures",
    "value_range",
    "with_channel_axis",
]
