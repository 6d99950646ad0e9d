import { awsWebhookOf } from "../../../tools/awsWebhook";

/** AWS's own program, if it is on PATH. */
export const awsWebhook = awsWebhookOf(undefined);

/** Skips tests of AWS's own program where there is none, and says so. */
export function skipWithoutAwsWebhook(tests: Mocha.Context): void {
    if (awsWebhook === undefined) {
        process.stdout.write("    not run: AWS's webhook\n");
        tests.skip();
    }
}
