"use strict";
// The page's script: sorting and filtering of tables, the interactive picture, and the comparison of two runs or lines.
(() => {
  const page = document.documentElement;
  const $ = (id) => document.getElementById(id);
  const all = (query, inside = document) => [...inside.querySelectorAll(query)];
  const colour = (name) => getComputedStyle(page).getPropertyValue(name).trim();
  const data = JSON.parse($("data").textContent);
  page.classList.replace("without-script", "with-script");

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  const shown = (value) => {
    if (value === null || value === undefined) return "–";
    if (typeof value !== "number") return String(value);
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e15) return String(value).replace("-", "−");
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return Number(value.toPrecision(3)).toExponential().replace("-", "−");
    return Number(value.toPrecision(4)).toString().replace("-", "−");
  };

  function download(name, text, kind) {
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: kind })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // ---- theme

  const dark = () =>
    page.dataset.theme ? page.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const themed = () => {
    $("theme").textContent = dark() ? "Light" : "Dark"; // what a click makes it
    draw();
  };
  $("theme").addEventListener("click", () => {
    page.dataset.theme = dark() ? "light" : "dark";
    themed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
  $("theme").textContent = dark() ? "Light" : "Dark";

  // ---- tables: sorted by the buttons in their heads, filtered by the controls above them

  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent;
    return text === "" || Number.isNaN(Number(text)) ? text.toLowerCase() : Number(text);
  };
  const compare = (a, b) =>
    typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;

  function sortable(table) {
    all("thead button", table).forEach((button) =>
      button.addEventListener("click", () => {
        const head = button.closest("th");
        const falling = head.getAttribute("aria-sort") === "ascending";
        all("th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const rows = all("tbody tr", table).map((row, k) => [key(row, head.cellIndex), k, row]);
        rows.sort((a, b) => (falling ? -1 : 1) * compare(a[0], b[0]) || a[1] - b[1]);
        table.tBodies[0].append(...rows.map((row) => row[2]));
      }),
    );
  }
  all("table.sortable").forEach(sortable);

  function filter() {
    const text = $("filter-optimizer").value.trim().toLowerCase();
    const status = $("filter-status").value;
    const problem = $("filter-problem")?.value ?? "";
    let count = 0;
    const rows = all("#board tbody tr");
    for (const row of rows) {
      const there =
        row.dataset.label.toLowerCase().includes(text) &&
        (!status || row.dataset.statuses.split(" ").includes(status)) &&
        (!problem || row.dataset.problem === problem);
      row.hidden = !there;
      count += there;
    }
    $("filter-count").textContent = `${count} of ${rows.length} shown`;
  }
  ["filter-optimizer", "filter-status", "filter-problem"].forEach((id) => $(id)?.addEventListener("input", filter));

  // ---- the interactive picture

  const lines = data.folders.flatMap((folder) =>
    folder.lines.map((line) => ({
      ...line,
      x: Object.fromEntries(Object.entries(line.x).map(([name, place]) => [name, folder.places[place]])),
      name: data.folders.length > 1 ? `${folder.name}: ${line.label}` : line.label,
      hidden: false,
    })),
  );
  const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
  const MOST = 24; // lines that are checked at first
  const state = { problem: "", measure: "", x: "", log: true, logx: false, seeds: false };
  let plot = null;
  let drawn = []; // for each line that is drawn: the line, and the numbers of its series

  const measure = () => data.measures.find((m) => m.key === state.measure);
  const there = () => lines.filter((line) => line.problem === state.problem && state.measure in line.y);

  // shares, such as accuracies, are drawn as what they lack, in percent
  const value = (number) => (number === null ? null : measure().share ? 100 * (1 - number) : number);
  const title = () => (measure().share ? `${measure().name.replace("accuracy", "error")} (%)` : measure().name);

  function decoded([low, high, log, text]) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const codes = new Uint16Array(bytes.buffer);
    const [bottom, top] = log ? [Math.log(low), Math.log(high)] : [low, high];
    return Array.from(codes, (code) => {
      if (code === 65535) return null;
      const place = bottom + ((top - bottom) * code) / 65534;
      return log ? Math.exp(place) : place;
    });
  }

  function table(line) {
    // x and columns of a line, without what a logarithmic axis can't show
    let [middle, low, high] = line.y[state.measure].map((column) => column.map(value));
    if (measure().share) [low, high] = [high, low];
    const columns = [line.x[state.x], middle, low, high];
    const kept = columns[0].map((x, k) => k).filter((k) => columns[0][k] !== null && !(state.logx && columns[0][k] <= 0));
    const visible = (v) => (v === null || (state.log && v <= 0) ? null : v);
    return columns.map((column, c) => kept.map((k) => (c ? visible(column[k]) : column[k])));
  }

  function seedTables(line) {
    const xs = line.x[state.x];
    return line.seeds.map((seed) => {
      const y = decoded(seed.y[line.measures.indexOf(state.measure)]).map(value);
      const at = y.map((_, k) => Math.round((k * (seed.of - 1)) / Math.max(1, y.length - 1))); // evenly spaced
      // the medians of a long line are thinned, and so are the places of its seeds
      const place = (k) => xs[Math.round((k * (xs.length - 1)) / Math.max(1, line.count - 1))];
      const pairs = at.map((k, i) => [place(k), y[i]]);
      const kept = pairs.filter(
        ([x, v], k) => x !== null && x !== undefined && (k === 0 || x > pairs[k - 1][0]) && !(state.logx && x <= 0),
      );
      return [kept.map((p) => p[0]), kept.map((p) => (p[1] === null || (state.log && p[1] <= 0) ? null : p[1]))];
    });
  }

  function limits() {
    // one line that goes astray must not squeeze all others: values far above where lines begin are cut off
    const begins = [];
    const values = [];
    for (const { line } of drawn) {
      const [, middle] = table(line);
      const finite = middle.filter((v) => v !== null);
      if (!finite.length) continue;
      begins.push(finite[0]);
      values.push(...finite);
    }
    if (!values.length) return [state.log ? 0.1 : 0, 1];
    let low = values.reduce((a, b) => Math.min(a, b));
    let high = values.reduce((a, b) => Math.max(a, b));
    if (measure().falls && low >= 0) high = Math.min(high, (state.log ? 10 : 2) * Math.max(...begins, low));
    if (low === high) [low, high] = state.log ? [low / 2, low * 2] : [low - 1, high + 1];
    if (state.log) {
      low = Math.max(low, high * 1e-18);
      const room = (high / low) ** 0.04;
      return [low / room, high * room];
    }
    const room = 0.04 * (high - low);
    return [low - room, high + room];
  }

  // Ticks of a logarithmic axis: those of a linear one below a power of ten, 1 to 9 of each power up to four, then the powers alone.
  function logTicks(u, axis, low, high) {
    if (high < 10 * low) {
      const rough = (high - low) / 6;
      const unit = 10 ** Math.floor(Math.log10(rough));
      const by = unit * [1, 2, 5, 10].find((k) => k * unit >= rough);
      const first = Math.ceil(low / by);
      return Array.from({ length: Math.max(0, Math.floor(high / by) - first + 1) }, (_, k) => Number(((first + k) * by).toPrecision(12)));
    }
    const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    const powers = Array.from({ length: to - from + 1 }, (_, k) => from + k);
    const factors = high > 1e4 * low ? [1] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
    return powers.flatMap((power) => factors.map((k) => Number(`${k}e${power}`))).filter((v) => v >= low && v <= high);
  }
  function logLabels(u, ticks, axis) {
    const { min, max } = u.scales[axis ? "y" : "x"];
    if (max < 10 * min) return ticks;
    if (max <= 1e4 * min) return ticks.map((v) => ((max > 100 * min ? "125" : "12357").includes(v.toExponential()[0]) ? v : null));
    const each = Math.ceil(ticks.length / 10);
    return ticks.map((v, k) => ((ticks.length - 1 - k) % each ? null : v));
  }
  const logarithmic = { splits: logTicks, filter: logLabels };

  // what lies before the end of a line whose schedule depends on its length is no result: its end alone is marked, hollow
  const points = (line) => {
    const few = { show: line.x[state.x].length < 31, size: 5, fill: stroke(line) };
    if (!line.bound) return few;
    const end = (u, series) => [u.data[series].findLastIndex((v) => v !== null && v !== undefined)].filter((k) => k >= 0);
    return { show: true, filter: end, size: 8, width: 2, stroke: stroke(line), fill: colour("--paper") };
  };

  const stroke = (line) => colour(`--c${line.colour}`) || colour("--ink");
  const faint = (line, share) => {
    const [r, g, b] = stroke(line).match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
    return `rgba(${r},${g},${b},${share})`;
  };

  function draw() {
    if (!data.measures.length || !lines.length) return;
    const box = $("chart");
    plot?.destroy();
    plot = null;
    drawn = [];
    const tables = [];
    const series = [{ label: "x" }];
    const belts = [];
    for (const line of there().filter((l) => !l.hidden)) {
      const hidden = { stroke: "transparent", width: 0, points: { show: false } };
      if (state.seeds) {
        for (const one of seedTables(line)) {
          tables.push(one);
          series.push({ stroke: faint(line, 0.35), width: 0.7, points: { show: false } });
        }
      }
      const at = series.length;
      tables.push(table(line));
      series.push(
        {
          label: line.name,
          stroke: stroke(line),
          width: 2.2,
          dash: DASHES[line.dash % DASHES.length],
          points: points(line),
        },
        { ...hidden },
        { ...hidden },
      );
      belts.push({ series: [at + 2, at + 1], fill: faint(line, 0.16) });
      drawn.push({ line, at });
    }
    $("chart-empty").hidden = drawn.length > 0;
    $("chart-empty").textContent = there().length ? "No line is checked." : "This measure was not taken on this problem.";
    box.hidden = !drawn.length;
    legend();
    if (!drawn.length) return;
    const ink = colour("--soft-ink");
    const grid = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: "13px system-ui, sans-serif", labelFont: "13px system-ui, sans-serif" };
    const range = limits();
    const options = {
      width: box.clientWidth,
      height: Math.max(280, Math.min(440, Math.round(box.clientWidth * 0.55))),
      legend: { show: false },
      cursor: { drag: { x: true, y: true, uni: 30 }, points: { show: false } },
      scales: {
        x: { time: false, distr: state.logx ? 3 : 1 },
        y: { distr: state.log ? 3 : 1, range: (u, low, high) => (u.zoomed ? [low, high] : range) },
      },
      axes: [
        { ...axis, label: data.axes.find((a) => a.key === state.x).name, labelSize: 26, ...(state.logx ? logarithmic : {}) },
        {
          ...axis,
          label: title(),
          size: 62,
          labelSize: 22,
          values: (u, ticks) => ticks.map((v) => (v === null ? "" : shown(v))),
          ...(state.log ? logarithmic : {}),
        },
      ],
      series,
      bands: belts,
      hooks: { setCursor: [(u) => live(u.cursor.idx)], setSelect: [(u) => (u.zoomed = u.select.width > 0)] },
    };
    plot = new uPlot(options, uPlot.join(tables), box);
    plot.over.addEventListener("dblclick", reset);
  }

  function changed() {
    draw();
    remember();
  }

  function reset() {
    if (!plot) return;
    plot.zoomed = false;
    plot.setData(plot.data);
  }

  function legend() {
    const body = $("legend").tBodies[0];
    body.replaceChildren(
      ...there().map((line) => {
        const box = element("input", { type: "checkbox", id: `line-${lines.indexOf(line)}` });
        box.checked = !line.hidden;
        box.addEventListener("change", () => {
          line.hidden = !box.checked;
          changed();
          $(box.id).focus();
        });
        const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        mark.setAttribute("viewBox", "0 0 26 8");
        mark.setAttribute("class", "mark");
        const stripe = document.createElementNS("http://www.w3.org/2000/svg", "path");
        stripe.setAttribute("d", "M1 4H25");
        stripe.setAttribute("stroke", stroke(line));
        stripe.setAttribute("stroke-width", "3");
        stripe.setAttribute("stroke-dasharray", DASHES[line.dash % DASHES.length].join(" "));
        mark.append(stripe);
        const name = element("label", { for: box.id }, box, mark, line.name);
        return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, ""), element("td", {}, String(line.n)));
      }),
    );
    live(null);
  }

  function live(index) {
    const last = index === null || index === undefined || !plot;
    there().forEach((line, k) => {
      const cell = $("legend").tBodies[0].rows[k]?.cells[1];
      if (!cell) return;
      if (line.hidden) return void (cell.textContent = "");
      // whatever the axes can show: the last measurement, or the last one that is not to the right of the place
      const xs = line.x[state.x];
      const before = last ? xs.length - 1 : xs.findLastIndex((x) => x !== null && x <= plot.data[0][index]);
      let [middle, low, high] = line.y[state.measure].map((column) => (before < 0 ? null : value(column[before])));
      if (measure().share) [low, high] = [high, low];
      if (before < 0) return void (cell.textContent = "");
      cell.textContent =
        middle === null ? "not finite" : shown(middle) + (low !== high && low !== null && high !== null ? ` (${shown(low)} to ${shown(high)})` : "");
    });
    const where = last ? "at the end" : `at ${shown(plot.data[0][index])} ${data.axes.find((a) => a.key === state.x).name}`;
    $("legend-where").textContent = where;
    return where;
  }

  function say() {
    if (!plot || plot.cursor.idx === null) return;
    const where = live(plot.cursor.idx);
    const values = all("#legend tbody tr").map((row) => `${row.cells[0].textContent}: ${row.cells[1].textContent}`);
    $("spoken").textContent = `${title()} ${where}. ${values.filter((v) => !v.endsWith(": ")).slice(0, 8).join("; ")}`;
  }

  function zoom(factor) {
    const { min, max } = plot.scales.x;
    const to = state.logx ? Math.log : (v) => v;
    const from = state.logx ? Math.exp : (v) => v;
    const index = plot.cursor.idx ?? plot.data[0].length - 1;
    const middle = Math.min(Math.max(plot.data[0][index], min), max);
    plot.zoomed = true;
    const half = (to(max) - to(min)) * factor;
    const left = to(middle) - half * ((to(middle) - to(min)) / (to(max) - to(min)));
    plot.setScale("x", { min: from(left), max: from(left + half) });
  }

  $("chart")?.addEventListener("keydown", (event) => {
    if (!plot) return;
    const xs = plot.data[0];
    const now = plot.cursor.idx ?? xs.length - 1;
    const places = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: xs.length - 1, PageUp: now - 10, PageDown: now + 10 };
    if (event.key in places) {
      const next = Math.min(Math.max(places[event.key], 0), xs.length - 1);
      plot.setCursor({ left: plot.valToPos(xs[next], "x"), top: plot.over.clientHeight / 2 });
      plot.cursor.idx = next;
      say();
    } else if (event.key === "+" || event.key === "=") zoom(0.5);
    else if (event.key === "-") zoom(2);
    else if (event.key === "Escape" || event.key === "0") reset();
    else return;
    event.preventDefault();
  });

  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function asCsv() {
    const head = ["problem", "label", "runs", state.x, `${state.measure}_median`, `${state.measure}_low`, `${state.measure}_high`];
    const rows = [head.join(",")];
    for (const { line } of drawn) {
      const columns = line.y[state.measure];
      line.x[state.x].forEach((x, k) =>
        rows.push([quoted(line.problem), quoted(line.name), line.n, x, ...columns.map((c) => c[k] ?? (measure().rises ? "-inf" : "inf"))].join(",")),
      );
    }
    return rows.join("\n") + "\n";
  }

  function asSvg() {
    const [width, height] = [plot.width, plot.height];
    const box = { left: plot.bbox.left / devicePixelRatio, top: plot.bbox.top / devicePixelRatio, width: plot.bbox.width / devicePixelRatio, height: plot.bbox.height / devicePixelRatio };
    const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
    const place = (x, y) => `${(box.left + plot.valToPos(x, "x")).toFixed(1)} ${(box.top + plot.valToPos(y, "y")).toFixed(1)}`;
    const parts = [];
    const write = (x, y, text, anchor, colour, more = "") =>
      parts.push(`<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}"${more}>${escaped(text)}</text>`);
    const ink = colour("--ink");
    for (const [k, name] of [[0, "x"], [1, "y"]]) {
      const axis = plot.axes[k];
      axis._splits.forEach((v, i) => {
        const text = axis._values[i];
        if (v === null || text === null || text === "") return;
        const far = plot.valToPos(v, name);
        if (name === "x") {
          const x = box.left + far;
          if (x < box.left - 1 || x > box.left + box.width + 1) return;
          parts.push(`<path d="M${x.toFixed(1)} ${box.top}v${box.height}" stroke="${colour("--line")}"/>`);
          write(x, box.top + box.height + 17, String(text), "middle", ink);
        } else {
          const y = box.top + far;
          if (y < box.top - 1 || y > box.top + box.height + 1) return;
          parts.push(`<path d="M${box.left} ${y.toFixed(1)}h${box.width}" stroke="${colour("--line")}"/>`);
          write(box.left - 6, y + 4, String(text), "end", ink);
        }
      });
    }
    write(box.left + box.width / 2, box.top + box.height + 38, plot.axes[0].label, "middle", ink);
    write(14, box.top + box.height / 2, title(), "middle", ink, ` transform="rotate(-90 14 ${(box.top + box.height / 2).toFixed(1)})"`);
    parts.push(`<clipPath id="inside"><rect x="${box.left}" y="${box.top}" width="${box.width}" height="${box.height}"/></clipPath><g clip-path="url(#inside)">`);
    const path = (xs, ys) => {
      let text = "";
      let pen = false;
      xs.forEach((x, k) => {
        if (ys[k] === undefined) return;
        if (ys[k] === null) return void (pen = false);
        text += `${pen ? "L" : "M"}${place(x, ys[k])}`;
        pen = true;
      });
      return text;
    };
    for (const { line } of drawn) {
      const [xs, middle, low, high] = table(line);
      const both = xs.map((x, k) => k).filter((k) => low[k] !== null && high[k] !== null);
      if (both.length > 1) {
        const edge = [...both.map((k) => place(xs[k], high[k])), ...both.reverse().map((k) => place(xs[k], low[k]))];
        parts.push(`<path d="M${edge.join("L")}Z" fill="${stroke(line)}" fill-opacity="0.16"/>`);
      }
      if (state.seeds) {
        for (const [x, y] of seedTables(line)) {
          parts.push(`<path d="${path(x, y)}" fill="none" stroke="${stroke(line)}" stroke-opacity="0.35" stroke-width="0.7"/>`);
        }
      }
      parts.push(`<path d="${path(xs, middle)}" fill="none" stroke="${stroke(line)}" stroke-width="2.2" stroke-dasharray="${DASHES[line.dash % DASHES.length].join(" ")}"/>`);
      const end = middle.findLastIndex((v) => v !== null && v !== undefined);
      if (line.bound && end >= 0) {
        const [x, y] = place(xs[end], middle[end]).split(" ");
        parts.push(`<circle cx="${x}" cy="${y}" r="4" fill="${colour("--paper")}" stroke="${stroke(line)}" stroke-width="2"/>`);
      }
    }
    parts.push("</g>");
    drawn.forEach(({ line }, k) => {
      const y = height + 18 + 18 * k;
      parts.push(`<path d="M${box.left} ${y - 4}h26" stroke="${stroke(line)}" stroke-width="2.2" stroke-dasharray="${DASHES[line.dash % DASHES.length].join(" ")}"/>`);
      write(box.left + 34, y, `${line.name} (n = ${line.n})`, "start", ink);
    });
    const whole = height + 24 + 18 * drawn.length;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${whole}" viewBox="0 0 ${width} ${whole}" font-family="system-ui, sans-serif" font-size="13"><rect width="100%" height="100%" fill="${colour("--paper")}"/>${parts.join("\n")}</svg>\n`;
  }

  function remember() {
    const parts = Object.entries(state).map(([name, v]) => `${name}=${encodeURIComponent(String(v))}`);
    const hidden = lines.map((line, k) => (line.hidden ? k : -1)).filter((k) => k >= 0);
    history.replaceState(null, "", `#${parts.join("&")}&hidden=${hidden.join(".")}`);
  }

  const usualLog = () => {
    if (!measure().log && !measure().share) return false;
    const values = there().flatMap((line) => line.y[state.measure].flat()).map(value);
    return values.some((v) => v > 0) && !values.some((v) => v !== null && v < 0);
  };

  function recall() {
    const given = new URLSearchParams(location.hash.slice(1));
    const choose = (name, options, otherwise) => {
      const wanted = given.get(name);
      state[name] = options.includes(wanted) ? wanted : otherwise;
    };
    choose("problem", lines.map((line) => line.problem), lines[0].problem);
    choose("measure", data.measures.map((m) => m.key), data.first);
    choose("x", data.axes.map((a) => a.key), data.axis);
    state.log = given.has("log") ? given.get("log") === "true" : usualLog();
    state.logx = given.get("logx") === "true";
    state.seeds = given.get("seeds") === "true";
    const hidden = given.has("hidden") ? given.get("hidden").split(".").filter(Boolean).map(Number) : null;
    lines.forEach((line, k) => (line.hidden = hidden ? hidden.includes(k) : line.place >= MOST));
  }

  if (lines.length && data.measures.length) {
    recall();
    for (const name of ["problem", "measure", "x"]) {
      const select = $(`chart-${name}`);
      select.value = state[name];
      select.addEventListener("change", () => {
        state[name] = select.value;
        if (name === "problem" && !there().length) {
          const known = data.measures.find((m) => lines.some((l) => l.problem === state.problem && m.key in l.y));
          $("chart-measure").value = state.measure = known.key;
        }
        if (name !== "x") $("chart-log").checked = state.log = usualLog();
        changed();
      });
    }
    for (const name of ["log", "logx", "seeds"]) {
      const box = $(`chart-${name}`);
      box.checked = state[name];
      box.addEventListener("change", () => {
        state[name] = box.checked;
        changed();
      });
    }
    $("chart-all").addEventListener("click", () => (there().forEach((line) => (line.hidden = false)), changed()));
    $("chart-none").addEventListener("click", () => (there().forEach((line) => (line.hidden = true)), changed()));
    $("chart-reset").addEventListener("click", reset);
    $("chart-svg").addEventListener("click", () => plot && download(`${state.measure}.svg`, asSvg(), "image/svg+xml"));
    $("chart-csv").addEventListener("click", () => download(`${state.measure}.csv`, asCsv(), "text/csv"));
    let waiting = 0;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(draw, 150);
    });
    draw();
  }

  // ---- all runs, and the comparison of two runs or lines

  const words = {};
  const kinds = {};
  const valueOf = (coded, k) => ("of" in coded ? coded.of[coded.at[k]] : coded.same);
  const runs = data.folders.flatMap((folder, f) => {
    const { columns, values, compared, n } = folder.settings;
    Object.assign(words, folder.settings.words);
    columns.forEach((name, c) => (kinds[name] = folder.settings.kinds[c]));
    if (data.folders.length > 1) kinds.results = "setting";
    return Array.from({ length: n }, (_, k) => {
      const run = new Map(data.folders.length > 1 ? [["results", folder.name]] : []);
      columns.forEach((name, c) => run.set(name, valueOf(values[c], k)));
      return Object.assign(run, { compared: valueOf(compared, k), folder: f });
    });
  });
  const columns = [...new Set(runs.flatMap((run) => [...run.keys()]))];
  const word = (column) => words[column] ?? column;
  const distinct = (own, column) => [...new Set(own.map((run) => (run.get(column) === "" ? null : run.get(column) ?? null)))];

  // lines in the order of their problems, and on each the best first
  const several = new Set(runs.map((run) => run.get("problem"))).size > 1;
  const nameOf = (run) =>
    run.get("label") + (several ? ` on ${run.get("problem")}` : "") + (run.has("results") ? ` (${run.get("results")})` : "");
  const places = new Map();
  data.folders.forEach((folder, f) => folder.lines.forEach((line) => places.set(JSON.stringify([f, line.problem, line.label]), line.place)));
  const problems = [...new Set(runs.map((run) => JSON.stringify([run.folder, run.get("problem")])))];
  const groups = new Map();
  for (const run of runs) {
    const id = JSON.stringify([run.folder, run.get("problem"), run.get("label")]);
    if (!groups.has(id)) groups.set(id, { own: [], rank: [problems.indexOf(JSON.stringify([run.folder, run.get("problem")])), places.get(id) ?? 1e9] });
    groups.get(id).own.push(run);
  }
  const ordered = [...groups.values()].sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1]);
  const counted = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;
  const lineChoices = ordered.map(({ own }) => {
    const chosen = own.filter((run) => run.compared);
    return [`${nameOf(own[0])}, ${chosen.length ? counted(chosen.length, "run") : "of which nothing was chosen"}`, chosen.length ? chosen : own];
  });
  const runChoices = ordered.flatMap(({ own }) => {
    const vary = columns.filter((c) => kinds[c] === "setting" && !["run_id", "seed", "role"].includes(c) && distinct(own, c).length > 1);
    return own.map((run) => {
      const told = [...vary.map((c) => `${word(c)} ${shown(run.get(c))}`), `seed ${run.get("seed")}`, ...(run.get("role") === "tuning" ? ["tuning"] : [])];
      return [`${nameOf(run)}, ${told.join(", ")}`, [run]];
    });
  });
  const choices = [...lineChoices, ...runChoices];

  const lasted = (run) => data.lasted.includes(run.get("status"));
  function middle(own, column) {
    // as the analysis has it: what did not last is infinitely bad
    const worst = data.measures.find((m) => `final_${m.key}` === column)?.rises ? -Infinity : Infinity;
    const sorted = own.map((run) => (lasted(run) && typeof run.get(column) === "number" ? run.get(column) : worst)).sort((a, b) => a - b);
    const finite = sorted.filter(Number.isFinite);
    const at = (sorted.length - 1) / 2;
    const median = (sorted[Math.floor(at)] + sorted[Math.ceil(at)]) / 2;
    const range = finite.length > 1 && finite[0] < finite.at(-1) ? ` (${shown(finite[0])} to ${shown(finite.at(-1))})` : "";
    return (Number.isFinite(median) ? shown(median) : "not finite") + range;
  }

  function summary(own, column) {
    const values = distinct(own, column);
    if (column.startsWith("final_") && values.some((v) => v !== null)) return middle(own, column);
    if (column === "versions") return values.map((v) => versions(v)).join("; ");
    if (values.length === 1) return shown(values[0]);
    if (column === "status") return values.map((v) => `${shown(v)} (${own.filter((run) => run.get(column) === v).length} of ${own.length})`).join(", ");
    const numbers = values.filter((v) => typeof v === "number");
    if (numbers.length === values.length) return `${shown(Math.min(...numbers))} to ${shown(Math.max(...numbers))}`;
    return values.length > 3 ? `${values.length} different` : values.map(shown).join(", ");
  }

  function versions(text) {
    try {
      return Object.entries(JSON.parse(text)).map((pair) => pair.join(" ")).join(", ");
    } catch {
      return shown(text);
    }
  }

  function compareTwo() {
    const [one, other] = ["compare-one", "compare-other"].map((id) => choices[$(id).value]);
    const rows = columns
      .filter((column) => column !== "run_id" || (one[1].length === 1 && other[1].length === 1))
      .map((column) => ({ column, texts: [one, other].map((choice) => summary(choice[1], column)), alike: alike(one[1], other[1], column) }))
      .filter(({ texts }) => texts.some((text) => text !== "–"));
    const part = (name, some) =>
      element(
        "tbody",
        {},
        element("tr", { class: "part" }, element("th", { colspan: 3, scope: "rowgroup" }, name)),
        ...some.map(({ column, texts, alike: same }) =>
          element(
            "tr",
            { class: same ? "same" : "differs" },
            element("th", { scope: "row", title: column }, word(column)),
            ...(same ? [element("td", { colspan: 2 }, texts[0])] : texts.map((text) => element("td", {}, text))),
          ),
        ),
      );
    const of = (kind) => rows.filter(({ column }) => (kinds[column] ?? "setting") === kind);
    const [differ, same] = [false, true].map((wanted) => of("setting").filter((row) => row.alike === wanted));
    all("tbody", $("compare")).forEach((body) => body.remove());
    $("compare").append(
      part(differ.length ? `${counted(differ.length, "setting")} that differ${differ.length === 1 ? "s" : ""}` : "No setting differs", differ),
      part("Results", of("result")),
      part(`${counted(same.length, "setting")} that ${same.length === 1 ? "is" : "are"} the same`, same),
      part("How they were made", of("made").sort((a, b) => a.alike - b.alike)),
    );
    [one, other].forEach((choice, k) => ($("compare").tHead.rows[0].cells[k + 1].textContent = choice[0]));
  }

  function alike(one, other, column) {
    const [a, b] = [one, other].map((own) => JSON.stringify(distinct(own, column).sort()));
    return a === b && (kinds[column] !== "result" || !column.startsWith("final_") || one === other || one.length === 1);
  }

  if (choices.length > 1) {
    for (const id of ["compare-one", "compare-other"]) {
      const group = (label, some, start) =>
        element("optgroup", { label }, ...some.map(([name], k) => element("option", { value: String(start + k) }, name)));
      $(id).append(group("Methods", lineChoices, 0), group("Single runs", runChoices, lineChoices.length));
      $(id).addEventListener("change", compareTwo);
    }
    $("compare-other").value = "1";
    compareTwo();
  }

  const PAGE = 200;
  let shownRows = PAGE;
  function showRuns() {
    const wanted = $("runs-filter").value.trim().toLowerCase();
    const matching = wanted ? runs.filter((run) => [...run.values()].some((v) => String(v).toLowerCase().includes(wanted))) : runs;
    const [head, body] = [$("runs-table").tHead, $("runs-table").tBodies[0]];
    if (!head.rows.length) {
      head.append(element("tr", {}, ...columns.map((name) => element("th", { scope: "col", title: name }, element("button", { type: "button" }, word(name))))));
      sortable($("runs-table"));
    }
    body.replaceChildren(
      ...matching.slice(0, shownRows).map((run) =>
        element("tr", {}, ...columns.map((name) => {
          const v = run.get(name);
          return element("td", { class: typeof v === "number" ? "number" : false, "data-value": typeof v === "number" ? String(v) : false }, shown(v));
        })),
      ),
    );
    $("runs-count").textContent = `${Math.min(shownRows, matching.length)} of ${matching.length} runs shown`;
    $("runs-more").hidden = shownRows >= matching.length;
  }
  $("runs").addEventListener("toggle", () => $("runs").open && showRuns());
  $("runs-filter").addEventListener("input", () => ((shownRows = PAGE), showRuns()));
  $("runs-more").addEventListener("click", () => ((shownRows += PAGE), showRuns()));
})();
