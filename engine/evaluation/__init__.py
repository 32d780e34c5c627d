"""What a trained model is worth, in numbers: bounds, information, text scores, a diagnosis.

Always with KL weight 1 and dropout off. ``report.evaluate`` computes everything; this package imports
no torch until one of its functions is called for.
"""

from engine.evaluation.config import EvaluationConfig

__all__ = ["EvaluationConfig"]
