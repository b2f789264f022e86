/**
 * @typedef {{ from: string, to?: string, line: number }} Edge
 * @param {Edge[]} edges
 * @returns {Edge[][]} circles, each as the edges along it: one at least for every group of nodes that reach each other
 */
export function findCircles(edges) {
  const edgesFrom = Map.groupBy(edges, ({ from }) => from);
  const done = new Set();
  const circles = [];

  const visit = (node, path) => {
    const start = path.findIndex(({ from }) => from === node);
    if (start !== -1) circles.push(path.slice(start));
    if (start !== -1 || done.has(node)) return;
    for (const edge of edgesFrom.get(node) ?? []) {
      if (edge.to !== undefined) visit(edge.to, [...path, edge]);
    }
    done.add(node);
  };

  for (const node of edgesFrom.keys()) visit(node, []);
  return circles;
}
