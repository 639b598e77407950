"""Comparing classifiers of pictures on the same splits."""

from skimgrec.model_selection._candidates import candidate_descriptions, candidate_features, candidates
from skimgrec.model_selection._compare import compare, prepare_comparison
from skimgrec.model_selection._comparison import Comparison
from skimgrec.model_selection._param_space import parse_params
from skimgrec.model_selection._rbf_svm import RBFSVMClassifier
from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._search import Search, plan_search
from skimgrec.model_selection._standings import FoldRow, Standing
from skimgrec.model_selection._table import describe_row
from skimgrec.model_selection._tune import tune
from skimgrec.model_selection._tune_result import TuneResult
from skimgrec.model_selection._tuning import Tuning, prepare_tuning

__all__ = [
    "Comparison",
    "ComparisonResult",
    "FoldRow",
    "RBFSVMClassifier",
    "Search",
    "Standing",
    "TuneResult",
    "Tuning",
    "candidate_descriptions",
    "candidate_features",
    "candidates",
    "compare",
    "describe_row",
    "parse_params",
    "plan_search",
    "prepare_comparison",
    "prepare_tuning",
    "tune",
]
