import { rejects } from "node:assert/strict";

export async function rejectsWith(promise: Promise<unknown>, message: RegExp): Promise<void> {
    await rejects(promise, { message });
}
