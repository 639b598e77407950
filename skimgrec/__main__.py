"""``python -m skimgrec`` does what the command ``skimgrec`` does."""

from skimgrec.cli import app

if __name__ == "__main__":
    app(prog_name="skimgrec")
