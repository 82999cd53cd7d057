"""The report: one HTML page with what the core reaches, and what its units wait for.

:mod:`~ppu_sim.report.source` gets the measurements and a traced product. A figure each is made by
:mod:`~ppu_sim.report.roofline`, :mod:`~ppu_sim.report.bounds`, :mod:`~ppu_sim.report.timeline` and
:mod:`~ppu_sim.report.shares`, the text by :mod:`~ppu_sim.report.tables`.
:mod:`~ppu_sim.report.page` joins them, and :mod:`~ppu_sim.report.command` is ``ppu report``.
Only the last can be imported without Plotly.
"""
