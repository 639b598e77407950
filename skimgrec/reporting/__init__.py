"""A comparison as one self-contained HTML file: result, then plain data, then template."""

from skimgrec.reporting._report import comparison_report, first_sections

__all__ = ["comparison_report", "first_sections"]
