import { deepStrictEqual, throws } from "node:assert/strict";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { UNKNOWN } from "../../../awsProvider/bridge/values";
import { receive, send, union } from "../../../awsProvider/protocol/wire";

const SIGNATURE = "4dabf18193072939515e22adb298388d";

function marked(kind: string, rest: object): Record<string, string> {
    return { [SIGNATURE]: kind, ...rest };
}

const secret = (value: string): Record<string, string> => marked("1b47061264138c4ac30d75fd1eb44270", { value });

describe("properties on the wire", () => {
    it("come without their secret marks, with a note of what was secret", () => {
        const struct = Struct.fromJavaScript({
            a: secret("x"),
            b: { c: secret("y"), d: "z" },
            e: [secret("w"), "v"],
            f: 1,
        });
        deepStrictEqual(receive(struct), {
            properties: { a: "x", b: { c: "y", d: "z" }, e: ["w", "v"], f: 1 },
            secrets: { a: true, b: { c: true }, e: true },
        });
    });

    it("go back with the same parts secret, and no others", () => {
        const struct = Struct.fromJavaScript({ a: secret("x"), b: { c: secret("y"), d: "z" } });
        const { properties, secrets } = receive(struct);
        deepStrictEqual(send({ ...properties, more: true }, secrets).toJavaScript(), {
            a: secret("x"),
            b: { c: secret("y"), d: "z" },
            more: true,
        });
    });

    it("have unknown values of any kind as one symbol, and go back as the engine's text for unknown", () => {
        const { properties, secrets } = receive(
            Struct.fromJavaScript({ a: unknownValue, b: [unknownValue], c: "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2" }),
        );
        deepStrictEqual(properties, { a: UNKNOWN, b: [UNKNOWN], c: UNKNOWN });
        deepStrictEqual(send(properties, secrets).toJavaScript(), {
            a: unknownValue,
            b: [unknownValue],
            c: unknownValue,
        });
    });

    it("may be output values, known or not, secret or not", () => {
        const output = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
        const struct = Struct.fromJavaScript({
            a: marked(output, { value: "x", secret: true }),
            b: marked(output, {}),
        });
        deepStrictEqual(receive(struct), { properties: { a: "x", b: UNKNOWN }, secrets: { a: true } });
    });

    it("cannot be assets, and say so", () => {
        const struct = Struct.fromJavaScript({ a: marked("c44067f5952c0a294b673a41bacd8c17", { text: "x" }) });
        throws(() => receive(struct), { message: /^assets, archives and resource references are not implemented/ });
    });

    it("are secret in a union where they are secret in any part", () => {
        deepStrictEqual(union({ a: true, b: { c: true } }, { b: { d: true } }, { e: true }), {
            a: true,
            b: { c: true, d: true },
            e: true,
        });
        deepStrictEqual(union({ a: { b: true } }, { a: true }), { a: true });
    });
});
