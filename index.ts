export { CniServiceAccountRole } from "./components/cniServiceAccountRole";
export {
    CniRolloutArgs,
    CniServiceAccountArgs,
    CniServiceAccountRoleArgs,
    Delivery,
    IpFamily,
} from "./components/cniServiceAccountRoleArgs";
export { CniAwsArgs, CniTimeoutsArgs, Proof } from "./components/cniLiveArgs";
