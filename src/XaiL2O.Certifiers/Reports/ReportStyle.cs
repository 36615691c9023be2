namespace XaiL2O.Certifiers;

/// <summary>The report's style sheet: two colour schemes, one column that narrows with the screen.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root { --ink: #1b1f24; --muted: #57606a; --paper: #ffffff; --panel: #f6f8fa; --line: #d0d7de; --pass: #1a7f37; --warn: #8a5a00; --fail: #b3261e; --cal: #9aa4af; --set: #0b5cad; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --muted: #9da7b3; --paper: #0d1117; --panel: #161b22; --line: #30363d; --pass: #56d364; --warn: #e3b341; --fail: #ff8a80; --cal: #6e7681; --set: #79c0ff; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1rem; max-width: 60rem; color: var(--ink); background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
        h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
        p { margin: .4rem 0; } .conclusion { font-weight: 600; } .muted { color: var(--muted); font-size: .9rem; }
        .tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: .6rem 0; }
        .tile { flex: 1 1 5.5rem; padding: .6rem .8rem; background: var(--panel); border: 1px solid var(--line); border-left: .35rem solid; border-radius: .4rem; color: var(--ink); }
        .tile b { font-size: 1.6rem; display: block; line-height: 1.2; } .tile .muted { display: block; }
        .tile.pass { border-left-color: var(--pass); } .tile.warn { border-left-color: var(--warn); } .tile.fail { border-left-color: var(--fail); }
        .scroll { overflow-x: auto; } .scroll:focus-visible { outline: 2px solid var(--set); }
        table { border-collapse: collapse; width: 100%; font-size: .92rem; margin: .5rem 0; } caption { text-align: left; color: var(--muted); padding-bottom: .2rem; }
        th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; } thead th { color: var(--muted); font-weight: 600; }
        .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .bar { display: inline-block; width: 4rem; height: .7rem; background: var(--panel); border: 1px solid var(--line); vertical-align: middle; } .bar span { display: block; height: 100%; background: var(--fail); }
        figure { margin: .6rem 0; } svg { width: 100%; height: auto; display: block; } svg text { fill: var(--muted); font: 11px system-ui, sans-serif; }
        .axis { stroke: var(--line); } .cal { fill: var(--cal); } .set { fill: var(--set); } .limit { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 6 4; }
        svg .strong { fill: var(--ink); } svg .halo { fill: var(--ink); stroke: var(--paper); stroke-width: 4px; paint-order: stroke; }
        .plot svg { max-width: 40rem; } figcaption { margin-top: .4rem; } .frame, .curve, .promise, .dots, .crosses, .mark { fill: none; } .frame { stroke: var(--muted); } .curve { stroke: var(--set); stroke-width: 2.5; stroke-linejoin: round; } .promise { stroke: var(--muted); stroke-width: 1.5; stroke-dasharray: 6 4; }
        .dots { stroke: var(--set); stroke-width: 6; stroke-linecap: round; stroke-opacity: .6; } .crosses { stroke: var(--fail); stroke-width: 1.8; } .mark { stroke: var(--ink); stroke-width: 14; stroke-linecap: round; }
        dl { margin: .4rem 0; } dt { font-weight: 600; } dd { margin: 0 0 .4rem; }
        details { font-size: .92rem; } summary { cursor: pointer; color: var(--muted); }
        .rows { padding: 0; list-style: none; } .rows li { border: 1px solid var(--line); border-left: .35rem solid; border-radius: .4rem; background: var(--panel); padding: .5rem .8rem; margin: .5rem 0; }
        .rows li.fail { border-left-color: var(--fail); } .rows li.warn { border-left-color: var(--warn); } .label { font-weight: 600; } .label.fail { color: var(--fail); } .label.warn { color: var(--warn); }
        @media (max-width: 40rem) { body { padding: .7rem; } svg text { font-size: 21px; } table { font-size: .85rem; } .bar { display: none; } th, td { padding: .3rem .2rem; } .tile { padding: .5rem; } .tile b { font-size: 1.3rem; }
        .cards thead { display: none; } .cards tr { display: block; border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .5rem; margin: .5rem 0; } .cards th, .cards td { display: flex; justify-content: space-between; gap: 1rem; text-align: right; border: 0; white-space: normal; padding: .15rem 0; } .cards th { font-size: 1.05rem; } .cards td.n, .cards td.share { display: inline-flex; gap: .4rem; margin-right: .8rem; } .cards td:empty { display: none; } .cards td::before { content: attr(data-label); color: var(--muted); text-align: left; } }
        @media print { section { break-inside: avoid; } }
        """;
}
