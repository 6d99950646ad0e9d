const SHOWN = 5;

/** Names for a message, which is to be read and not to be scrolled. */
export function listNames(things: readonly { readonly name: string }[]): string {
    const shown = things.slice(0, SHOWN).map(({ name }) => name);
    return things.length > SHOWN ? `${shown.join(", ")} and ${String(things.length - SHOWN)} more` : shown.join(", ");
}
