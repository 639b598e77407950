"""The types that a model file may hold: names and nothing else, so that looking one up imports nothing.

A type is here because rebuilding it from a hostile file, and predicting with it afterwards, has been thought through:
either it is Python and NumPy, which check what they index, or `_invariants` checks what its compiled code does not.
Left out are, among others, estimators of text, which may read files, and those of clusters and manifolds.
"""

from __future__ import annotations

_OWN = {
    "skimgrec.feature_extraction._color": "ColorHistogramTransformer",
    "skimgrec.feature_extraction._flatten": "ImageFlattener",
    "skimgrec.feature_extraction._hog": "HOGTransformer",
    "skimgrec.feature_extraction._lbp": "LBPTransformer",
    "skimgrec.feature_extraction._patches": "PatchKMeansTransformer",
    "skimgrec.feature_extraction._words": "BagOfVisualWords",
    "skimgrec.preprocessing._loader": "ImageLoader",
    "skimgrec.neighbors._conformal": "ConformalClassifier",
    "skimgrec.neighbors._rejecting": "RejectingClassifier",
    "skimgrec.neural_network._cnn": "KerasCNNClassifier",
    "skimgrec.neural_network._mlp": "KerasMLPClassifier",
    "skimgrec.neural_network._pretrained": "PretrainedTransformer",
}
# A classifier of vectors, all NumPy but for the SVC within, which has checks of its own.
_OWN_OF_VECTORS = {"skimgrec.model_selection._rbf_svm": "RBFSVMClassifier"}
_ESTIMATORS = {
    "sklearn.calibration": "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration _TemperatureScaling",
    "sklearn.compose._column_transformer": "ColumnTransformer",
    "sklearn.decomposition._factor_analysis": "FactorAnalysis",
    "sklearn.decomposition._fastica": "FastICA",
    "sklearn.decomposition._incremental_pca": "IncrementalPCA",
    "sklearn.decomposition._kernel_pca": "KernelPCA",
    "sklearn.decomposition._pca": "PCA",
    "sklearn.decomposition._truncated_svd": "TruncatedSVD",
    "sklearn.discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble._bagging": "BaggingClassifier",
    "sklearn.ensemble._forest": "ExtraTreesClassifier RandomForestClassifier RandomTreesEmbedding",
    "sklearn.ensemble._gb": "GradientBoostingClassifier",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting": "HistGradientBoostingClassifier",
    "sklearn.ensemble._stacking": "StackingClassifier",
    "sklearn.ensemble._voting": "VotingClassifier",
    "sklearn.ensemble._weight_boosting": "AdaBoostClassifier",
    "sklearn.feature_selection._from_model": "SelectFromModel",
    "sklearn.feature_selection._rfe": "RFE RFECV",
    "sklearn.feature_selection._sequential": "SequentialFeatureSelector",
    "sklearn.feature_selection._univariate_selection": (
        "GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile"
    ),
    "sklearn.feature_selection._variance_threshold": "VarianceThreshold",
    "sklearn.frozen._frozen": "FrozenEstimator",
    "sklearn.impute._base": "MissingIndicator SimpleImputer",
    "sklearn.isotonic": "IsotonicRegression",
    "sklearn.kernel_approximation": "AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler SkewedChi2Sampler",
    "sklearn.linear_model._base": "LinearRegression",
    "sklearn.linear_model._logistic": "LogisticRegression LogisticRegressionCV",
    "sklearn.linear_model._passive_aggressive": "PassiveAggressiveClassifier",
    "sklearn.linear_model._perceptron": "Perceptron",
    "sklearn.linear_model._ridge": "Ridge RidgeClassifier RidgeClassifierCV",
    "sklearn.linear_model._stochastic_gradient": "SGDClassifier",
    "sklearn.model_selection._classification_threshold": "FixedThresholdClassifier TunedThresholdClassifierCV",
    "sklearn.model_selection._search": "GridSearchCV RandomizedSearchCV",
    "sklearn.model_selection._search_successive_halving": "HalvingGridSearchCV HalvingRandomSearchCV",
    "sklearn.multiclass": "OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier _ConstantPredictor",
    "sklearn.multioutput": "ClassifierChain MultiOutputClassifier",
    "sklearn.naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "sklearn.neighbors._classification": "KNeighborsClassifier",
    "sklearn.neighbors._nearest_centroid": "NearestCentroid",
    "sklearn.neighbors._unsupervised": "NearestNeighbors",
    "sklearn.neural_network._multilayer_perceptron": "MLPClassifier",
    "sklearn.pipeline": "FeatureUnion Pipeline",
    "sklearn.preprocessing._data": (
        "Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PowerTransformer QuantileTransformer "
        "RobustScaler StandardScaler"
    ),
    "sklearn.preprocessing._discretization": "KBinsDiscretizer",
    "sklearn.preprocessing._encoders": "OneHotEncoder OrdinalEncoder",
    "sklearn.preprocessing._function_transformer": "FunctionTransformer",
    "sklearn.preprocessing._label": "LabelBinarizer LabelEncoder",
    "sklearn.preprocessing._polynomial": "PolynomialFeatures",
    "sklearn.random_projection": "GaussianRandomProjection",
    "sklearn.semi_supervised._self_training": "SelfTrainingClassifier",
    "sklearn.svm._classes": "LinearSVC NuSVC SVC",
    "sklearn.tree._classes": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
}
_PARTS = {
    "sklearn._loss.link": "HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
    "sklearn._loss.loss": "ExponentialLoss HalfBinomialLoss HalfMultinomialLoss HalfSquaredError",
    "sklearn.ensemble._hist_gradient_boosting.binning": "_BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.metrics._scorer": "_CurveScorer _MultimetricScorer _PassthroughScorer _Scorer",
    "sklearn.model_selection._split": (
        "GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut PredefinedSplit RepeatedKFold "
        "RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit"
    ),
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.utils._metadata_requests": "MetadataRequest MethodMetadataRequest",
}
_LOSSES = {
    "sklearn._loss._loss": "CyExponentialLoss CyHalfBinomialLoss CyHalfMultinomialLoss CyHalfSquaredError",
    "sklearn.linear_model._sgd_fast": "EpsilonInsensitive Hinge ModifiedHuber SquaredEpsilonInsensitive SquaredHinge",
}
_FUNCTIONS = {
    "sklearn.feature_selection._univariate_selection": "chi2 f_classif",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif",
    "sklearn.metrics._classification": (
        "accuracy_score balanced_accuracy_score brier_score_loss d2_brier_score d2_log_loss_score f1_score fbeta_score "
        "jaccard_score log_loss matthews_corrcoef precision_score recall_score cohen_kappa_score"
    ),
    "sklearn.metrics._ranking": "average_precision_score roc_auc_score top_k_accuracy_score",
    "numpy": "abs absolute arcsinh cbrt exp expm1 log log10 log1p log2 negative reciprocal sqrt square tanh",
}
_SCALARS = (
    "bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128 str_ "
    "bytes_ longlong ulonglong"
)


def _names(table: dict[str, str]) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for module, names in table.items() for name in names.split())


TREE = "sklearn.tree._tree.Tree"
OWN = _names(_OWN)
ESTIMATORS = OWN | _names(_OWN_OF_VECTORS) | _names(_ESTIMATORS)
NUMPY_SCALARS = _names({"numpy": _SCALARS})
KEYS = frozenset({"builtins.str", "builtins.int", "builtins.float", "numpy.str_"}) | {
    name for name in NUMPY_SCALARS if "int" in name
}

# What may stand where, by the kind of the entry in the file.
ALLOWED: dict[str, frozenset[str]] = {
    "Object": ESTIMATORS | _names(_PARTS),
    "Tree": frozenset({TREE}),
    "Loss": _names(_LOSSES),
    "Function": _names(_FUNCTIONS),
    "Type": NUMPY_SCALARS
    | _names(
        {"builtins": "bool int float str", "sklearn.model_selection._split": "KFold StratifiedKFold", "numpy": "dtype"}
    ),
    "Dict": frozenset({"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"}),
    "List": frozenset({"builtins.list"}),
    "Tuple": frozenset({"builtins.tuple"}),
    "Set": frozenset({"builtins.set"}),
    "Slice": frozenset({"builtins.slice"}),
    "Array": frozenset({"numpy.ndarray"}) | NUMPY_SCALARS,
    "Objects": frozenset({"numpy.ndarray"}),
    "MaskedArray": frozenset({"numpy.ma.MaskedArray"}),
    "DType": frozenset({"numpy.dtype"}),
    "RandomState": frozenset({"numpy.random.mtrand.RandomState"}),
    "RandomGenerator": frozenset({"numpy.random._generator.Generator"}),
    "Partial": frozenset(),
}
# The kinds whose type may also be one that the caller trusts.
TRUSTABLE = frozenset({"Object", "Function", "Type", "Partial"})

# Paths that belong to the machine that trained: they are saved as None, and anything else in a file is refused.
PLACES = {
    "sklearn.pipeline.Pipeline": ("memory",),
    "skimgrec.preprocessing._loader.ImageLoader": ("cache",),
    "skimgrec.neural_network._pretrained.PretrainedTransformer": ("cache",),
}
# Estimators that keep a search tree over the training pictures. It is left out, and built anew.
SEARCHERS = frozenset(
    {"sklearn.neighbors._classification.KNeighborsClassifier", "sklearn.neighbors._unsupervised.NearestNeighbors"}
)
SEARCH_TREES = {
    "sklearn.neighbors._kd_tree.KDTree": "kd_tree",
    "sklearn.neighbors._ball_tree.BallTree": "ball_tree",
}
