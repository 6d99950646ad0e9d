const SHOWN = 5;

/** Lists names for a message. A long list is cut, to keep the message readable. */
export function listNames(things: readonly { readonly name: string }[]): string {
    const shown = things.slice(0, SHOWN).map(({ name }) => name);
    return things.length > SHOWN ? `${shown.join(", ")} and ${String(things.length - SHOWN)} more` : shown.join(", ");
}

/** The same for texts. */
export function listTexts(texts: readonly string[]): string {
    return listNames(texts.map((name) => ({ name })));
}
