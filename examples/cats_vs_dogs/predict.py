"""Say what is on pictures, by a model that train.py has saved: python predict.py cnn.skimgrec PICTURE ..."""

import sys

from skimgrec import load_model

model = load_model(sys.argv[1])
for path, probabilities in zip(sys.argv[2:], model.predict_proba(sys.argv[2:]), strict=True):
    best = probabilities.argmax()
    print(f"{path}: {model.classes_[best]} ({probabilities[best]:.1%})")
