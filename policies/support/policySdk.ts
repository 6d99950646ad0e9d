import { RunError } from "@pulumi/pulumi";

// The peer dependency on @pulumi/policy is optional, because the component does not need it. Node.js would only name the
// module that it does not find.
try {
    require.resolve("@pulumi/policy");
} catch {
    throw new RunError(
        'The policy pack needs @pulumi/policy, which is not installed. Run "npm install @pulumi/policy".',
    );
}
