#include "emulator/admin.hpp"

namespace kinesis::emulator {

std::string_view admin_page() noexcept {
  return R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kinesis emulator</title>
<style>
  :root { --ink: #1c2733; --soft: #5d6b7a; --line: #dde3ea; --paper: #fff; --back: #f4f6f9; --accent: #7b4ddb; --good: #1f8a5b; --bad: #c23b3b; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e6ebf1; --soft: #93a1b1; --line: #2d3743; --paper: #1a222c; --back: #11171e; --accent: #a98bf0; --good: #4cc38a; --bad: #ef7b7b; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); }
  main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 64px; }
  h1 { font-size: 22px; margin: 0; }
  h2 { font-size: 17px; margin: 0; }
  .head { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: baseline; margin-bottom: 20px; }
  .head span, .muted { color: var(--soft); }
  .card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin-bottom: 16px; }
  .title { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; margin-bottom: 10px; }
  .badge { font-size: 12px; border-radius: 99px; padding: 1px 10px; border: 1px solid currentColor; }
  .ACTIVE { color: var(--good); } .DELETING { color: var(--bad); } .CREATING, .UPDATING { color: var(--accent); }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px; }
  th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
  tr:last-child td { border-bottom: 0; }
  td.number, th.number { text-align: right; }
  tr.closed td { color: var(--soft); }
  code { font: 13px/1.5 ui-monospace, monospace; }
  .bar { height: 6px; width: 140px; border-radius: 3px; background: var(--line); overflow: hidden; }
  .bar i { display: block; height: 100%; background: var(--accent); }
  .scroll { overflow-x: auto; }
  form { display: flex; gap: 8px; margin-top: 10px; }
  input { flex: 1; min-width: 0; font: 14px ui-monospace, monospace; padding: 7px 10px; color: var(--ink); background: var(--back); border: 1px solid var(--line); border-radius: 7px; }
  button { font: inherit; padding: 6px 14px; color: var(--ink); background: var(--back); border: 1px solid var(--line); border-radius: 7px; cursor: pointer; }
  button.main { color: #fff; background: #7b4ddb; border-color: #7b4ddb; }
  #message { color: var(--bad); min-height: 1.5em; margin-top: 6px; }
</style>
<main>
  <div class="head"><h1>Kinesis emulator</h1><span id="facts">connecting</span></div>
  <section class="card">
    <div class="title"><h2>Faults to order</h2><span class="muted">what goes wrong on purpose</span></div>
    <div id="faults"></div>
    <form id="order">
      <input id="rule" aria-label="Fault rule" placeholder="action=throttle-entry,operation=PutRecords,probability=0.1,seed=7" autocomplete="off" spellcheck="false">
      <button class="main">Order</button>
      <button type="button" id="clear">Remove all</button>
    </form>
    <div id="message" role="status"></div>
  </section>
  <div id="streams"></div>
</main>
<script>
  const $ = id => document.getElementById(id);
  const number = value => value.toLocaleString("en");
  const bytes = value => {
    for (const unit of ["B", "KiB", "MiB"]) { if (value < 1024) return (unit === "B" ? value : value.toFixed(1)) + " " + unit; value /= 1024; }
    return value.toFixed(1) + " GiB";
  };
  function make(name, text, className) {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }
  function row(cells, cellName) {
    const line = make("tr");
    for (const [text, className] of cells) line.append(make(cellName || "td", text, className));
    return line;
  }
  const all = 2n ** 128n;
  function part(shard) {
    const share = Number((BigInt(shard.last_hash_key) - BigInt(shard.first_hash_key) + 1n) * 10000n / all) / 100;
    return share.toFixed(share < 10 ? 2 : 1) + " %";
  }
  function streamCard(stream, now) {
    const card = make("section", undefined, "card");
    const title = make("div", undefined, "title");
    title.append(make("h2", stream.name), make("span", stream.status, "badge " + stream.status));
    title.append(make("span", `${stream.open_shards} open shards · ${number(stream.records)} records · ${bytes(stream.bytes)} · ${stream.mode.toLowerCase().replace("_", "-")} · kept ${stream.retention_hours} h` + (stream.consumers ? ` · ${stream.consumers} fan-out consumers` : ""), "muted"));
    const table = make("table");
    table.append(row([["Shard"], ["Parents"], ["Of all keys", "number"], ["Records", "number"], ["Memory", "number"], ["Last record", "number"]], "th"));
    for (const shard of stream.shards) {
      const parents = shard.parents.map(id => id.replace(/^shardId-0*(?=\d)/, "")).join(" + ");
      const age = shard.last_arrival_ms === null ? "" : `${number(Math.max(0, Math.round((now - shard.last_arrival_ms) / 1000)))} s ago`;
      const line = row([[shard.id], [parents], [shard.open ? part(shard) : "closed", "number"], [number(shard.records), "number"], [bytes(shard.bytes), "number"], [age, "number"]]);
      if (!shard.open) line.className = "closed";
      table.append(line);
    }
    const scroll = make("div", undefined, "scroll");
    scroll.append(table);
    card.append(title, scroll);
    return card;
  }
  function faultTable(faults) {
    if (!faults.length) return make("div", "None is ordered.", "muted");
    const table = make("table");
    table.append(row([["Rule"], ["Matched", "number"], ["Fired", "number"]], "th"));
    for (const fault of faults) {
      const line = row([["", ""], [number(fault.matched), "number"], [number(fault.fired), "number"]]);
      line.firstChild.append(make("code", fault.rule));
      table.append(line);
    }
    const scroll = make("div", undefined, "scroll");
    scroll.append(table);
    return scroll;
  }
  async function refresh() {
    try {
      const state = await (await fetch("/_admin/state")).json();
      $("facts").textContent = `${state.region} · account ${state.account} · limits ${state.limits ? "on" : "off"} · ${number(state.requests)} requests · ${bytes(state.memory_bytes)} of ${bytes(state.memory_bound)} for records`;
      $("faults").replaceChildren(faultTable(state.faults));
      $("streams").replaceChildren(...state.streams.map(stream => streamCard(stream, state.now_ms)));
      if (!state.streams.length) $("streams").append(make("section", "There is no stream yet.", "card muted"));
    } catch { $("facts").textContent = "not reachable"; }
  }
  $("order").addEventListener("submit", async event => {
    event.preventDefault();
    const answer = await fetch("/_admin/faults", { method: "POST", body: $("rule").value });
    $("message").textContent = answer.ok ? "" : await answer.text();
    if (answer.ok) $("rule").value = "";
    refresh();
  });
  $("clear").addEventListener("click", async () => { await fetch("/_admin/faults", { method: "DELETE" }); $("message").textContent = ""; refresh(); });
  refresh();
  setInterval(refresh, 1000);
</script>
</html>
)html";
}

}  // namespace kinesis::emulator
