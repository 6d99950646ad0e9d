import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, ok, strictEqual } from "assert";
import { Run } from "./underMocks";

export interface ExpectedProblem {
    propertyPath: string;
    reason: string;
}

/** The whole error message of the component "cni" with these problems. */
export function message(problems: ExpectedProblem[]): string {
    const count = problems.length === 1 ? "1 invalid argument" : `${String(problems.length)} invalid arguments`;
    return [
        `CniServiceAccountRole "cni": ${count}. Nothing was created.`,
        ...problems.map(({ propertyPath, reason }) => `  ${propertyPath}: ${reason}`),
    ].join("\n");
}

/** Asserts that the constructor threw before anything was registered or looked up. */
export function assertRefusedNow(run: Run<unknown>, problems: ExpectedProblem[]): void {
    assertError(run.thrown, problems);
    deepStrictEqual(run.resources, []);
    deepStrictEqual(run.lookups, []);
    deepStrictEqual(run.rejections, []);
}

/** Asserts that the update fails with one error, and that no child of the component was registered. */
export function assertRefusedLate(run: Run<unknown>, problems: ExpectedProblem[]): void {
    strictEqual(run.thrown, undefined);
    strictEqual(run.rejections.length, 1, "an update prints each rejection, so there must be one");
    assertError(run.rejections[0], problems);
    deepStrictEqual(
        run.resources.map(({ name }) => name),
        ["cni"],
    );
}

export function assertAccepted(run: Run<unknown>): void {
    strictEqual(run.thrown, undefined);
    deepStrictEqual(run.rejections, []);
    ok(run.outputs["cni"] !== undefined, "the component has registered its outputs");
}

function assertError(error: unknown, problems: ExpectedProblem[]): void {
    ok(error instanceof Error, `expected an error, got ${String(error)}`);
    ok(pulumi.InputPropertiesError.isInstance(error), `expected an InputPropertiesError, got ${String(error)}`);
    deepStrictEqual(error.errors, problems);
    strictEqual(error.message, message(problems));
    strictEqual(error.stack, message(problems));
}
