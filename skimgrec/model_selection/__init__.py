"""Comparing classifiers of pictures on the same splits."""

from skimgrec.model_selection._candidates import candidate_descriptions, candidates
from skimgrec.model_selection._compare import Comparison, compare, prepare_comparison
from skimgrec.model_selection._rbf_svm import RBFSVMClassifier
from skimgrec.model_selection._result import ComparisonResult, FoldRow
from skimgrec.model_selection._standings import Standing
from skimgrec.model_selection._table import describe_row

__all__ = [
    "Comparison",
    "ComparisonResult",
    "FoldRow",
    "RBFSVMClassifier",
    "Standing",
    "candidate_descriptions",
    "candidates",
    "compare",
    "describe_row",
    "prepare_comparison",
]
