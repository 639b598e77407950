"""What an installed skimgrec must be able to do; tools/smoke_dist.py runs it away from the repository."""

import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import skimgrec
from skimgrec import KerasCNNClassifier, compare, load_digits_images, load_model, save_model

assert metadata.version("skimgrec") == skimgrec.__version__
# Templates and the like are data: they are what a broken wheel lacks.
assert Path(skimgrec.__file__).with_name("py.typed").exists()
for name in skimgrec.__all__:
    getattr(skimgrec, name)

X, y = load_digits_images(return_X_y=True)
X, y = X[:400], y[:400]
result = compare(["chance", "1nn", "forest+hog"], X, y, cv=3, random_state=0)
scores = result.summary()["mean_test_accuracy"].to_dict()
assert scores["1nn"] > 0.85 > scores["chance"], scores

with tempfile.TemporaryDirectory() as folder:
    report = Path(folder, "report.html")
    result.to_html(report, pictures=X)
    assert "<svg" in report.read_text(encoding="utf-8")
    models = {"cnn": KerasCNNClassifier(filters=(4, 8), epochs=1, random_state=0)}
    models["forest"] = skimgrec.candidates(["forest+hog"])["forest+hog"]
    for name, model in models.items():
        path = Path(folder, f"{name}.skimgrec")
        save_model(model.fit(X, y), path)
        assert (load_model(path).predict(X) == model.predict(X)).all(), name
    program = Path(sys.executable).with_name("skimgrec")

    def shown(*arguments):
        """Return what a command prints; if it fails, what it says, too."""
        done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    arguments = ["--models", "chance,1nn+hog", "--limit", "300", "--report", "page.html"]
    assert "1nn+hog" in shown("compare", "digits", *arguments)
    assert Path(folder, "page.html").exists()
    assert "RandomForestClassifier" in shown("info", "forest.skimgrec")
    assert "--threshold" in shown("predict", "--help")
print("smoke test passed")
