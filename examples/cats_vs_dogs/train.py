"""Train a logistic regression and a CNN on a folder of cats and dogs, and save both: python train.py FOLDER"""

import sys
from pathlib import Path

from sklearn.pipeline import make_pipeline

from skimgrec import ImageLoader, KerasCNNClassifier, candidates, load_image_folder, save_model

folder = Path(sys.argv[1])  # with training_set/cats, training_set/dogs, test_set/cats and test_set/dogs
train = load_image_folder(folder / "training_set", load_images=False)
test = load_image_folder(folder / "test_set", load_images=False)
cnn = KerasCNNClassifier(epochs=12, augmentation="light", dtype_policy="auto", random_state=0, verbose=1)
for name, classifier in {"logistic": candidates(["logistic+hog"])["logistic+hog"], "cnn": cnn}.items():
    model = make_pipeline(ImageLoader((64, 64)), classifier).fit(train.filenames, train.target_names[train.target])
    accuracy = model.score(test.filenames, test.target_names[test.target])
    save_model(model, f"{name}.skimgrec", card={"scores": {"test accuracy": accuracy}})
    print(f"{name}: {accuracy:.4f} on {len(test.filenames)} test pictures")
