import type { ModelWorld } from "./world";

/** The words of the log. A second stack has others, since an operator reads those of the first. */
interface Words {
    readonly done: string;
    readonly ended: string;
}

/** Runs one command, whose refusal ends it as it ends that of an operator. Returns the message of the error, or an empty string. */
export async function attempt(
    world: ModelWorld,
    act: () => Promise<void>,
    { done, ended }: Words = { done: "== done", ended: "== ended" },
): Promise<string> {
    try {
        await act();
        world.note(done);
        return "";
    } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        world.note(`${ended}: ${message}`);
        return message;
    }
}
