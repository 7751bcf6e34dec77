"""Evaluation: a question set, asked and measured.

    from eval.questions import load_questions
    from eval.report import evaluate

    with Engine.open() as engine:
        report = evaluate(engine, load_questions("article:test", engine.articles))

questions.py (what is asked) -> runs.py (what came back) -> scores.py (right or wrong, by question; qrels.py says which
passages are relevant) -> measures.py (over many questions) -> report.py (a file, tables).
"""
