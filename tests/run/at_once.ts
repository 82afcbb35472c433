/**
 * Does something with each, with as many at once as there are processors; answers the outcomes in
 * the order of the items.
 */
export async function atOnce<Item, Outcome>(
  items: Iterable<Item>,
  action: (item: Item) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const rest = [...items].entries();
  const take = async () => {
    for (const [index, item] of rest) outcomes[index] = await action(item);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, take));
  return outcomes;
}
