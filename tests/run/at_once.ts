/** Does something with each, with so many at once; answers the outcomes in the items' order. */
export async function atOnce<Item, Outcome>(
  items: Iterable<Item>,
  action: (item: Item) => Promise<Outcome>,
  count: number = navigator.hardwareConcurrency,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const rest = [...items].entries();
  const take = async () => {
    for (const [index, item] of rest) outcomes[index] = await action(item);
  };
  await Promise.all(Array.from({ length: count }, take));
  return outcomes;
}
