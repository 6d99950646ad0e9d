import { mkdtempSync, rmSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";

/** Hides this machine's AWS variables, files and instance metadata. `set` applies to one test. */
export function useEnvironment() {
    let former: NodeJS.ProcessEnv = {};
    let folder = "";
    beforeEach(() => {
        former = { ...process.env };
        folder = mkdtempSync(join(tmpdir(), "eks-cni-aws-"));
        Object.keys(process.env)
            .filter((name) => name.startsWith("AWS_"))
            .forEach((name) => Reflect.deleteProperty(process.env, name));
        process.env["AWS_EC2_METADATA_DISABLED"] = "true";
        process.env["AWS_CONFIG_FILE"] = join(folder, "config");
        process.env["AWS_SHARED_CREDENTIALS_FILE"] = join(folder, "credentials");
    });
    afterEach(() => {
        // Restored in place, since system calls do not see a new process.env object.
        Object.keys(process.env)
            .filter((name) => !(name in former))
            .forEach((name) => Reflect.deleteProperty(process.env, name));
        Object.assign(process.env, former);
        rmSync(folder, { recursive: true });
    });
    return {
        set: (variables: Record<string, string>) => Object.assign(process.env, variables),
        config: (text: string) => writeFileSync(join(folder, "config"), text),
    };
}
