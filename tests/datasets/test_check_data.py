"""What `check_data` makes of folders and tables that are a little odd."""

import numpy as np
import pytest
from PIL import Image

from skimgrec import ImageLoader
from skimgrec.datasets import check_images
from skimgrec.datasets._check_data import check_data


@pytest.fixture
def pictures(tmp_path):
    """Return a folder of four pictures that differ, 0.png to 3.png."""
    rng = np.random.default_rng(0)
    for number in range(4):
        Image.fromarray(rng.integers(0, 256, size=(16, 16, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    return tmp_path


def test_litter_makes_no_classes_of_a_flat_folder(pictures):
    (pictures / ".git").mkdir()
    (pictures / "__MACOSX").mkdir()
    check, notes = check_data(pictures)
    assert len(check.groups) == 4
    assert not notes


def test_spellings_of_a_split_in_a_table_are_one_split(pictures):
    rows = ["path,label,split", "0.png,a,train", "1.png,b,Training", "0.png,a,TRAIN", "2.png,b,test", "3.png,a,Test"]
    (pictures / "table.csv").write_text("\n".join(rows))
    check, _ = check_data(pictures / "table.csv")
    assert not any(finding.across_splits for finding in check.findings)
    (pictures / "table.csv").write_text("\n".join([*rows, "3.png,b,bogus"]))
    with pytest.raises(ValueError, match="the column split holds bogus, expected train, val or test"):
        check_data(pictures / "table.csv")


def test_of_a_cached_batch_the_files_are_checked(pictures, tmp_path):
    (pictures / "broken.png").write_bytes(b"no picture")
    paths = sorted(map(str, pictures.glob("*.png")))
    lazy = ImageLoader((8, 8), on_error="blank", cache=tmp_path / "cache").transform(paths)
    assert lazy[:2].paths == paths[:2]
    assert [finding.kind for finding in check_images(lazy).findings] == ["unreadable"]


def test_an_empty_class_and_a_single_one_are_checked(pictures):
    for name in ("cat", "bird"):
        (pictures / name).mkdir()
    for path in pictures.glob("*.png"):
        path.rename(pictures / "cat" / path.name)
    check, _ = check_data(pictures)
    assert {(finding.kind, finding.classes) for finding in check.findings} >= {("tiny_class", ("bird",))}
    (pictures / "bird").rmdir()
    assert check_data(pictures)[0].n_pictures == 4
