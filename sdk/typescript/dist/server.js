import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
/** Milliseconds. It takes a fraction of a second; a machine that compiles beside it is given more. */
const READY_WITHIN = 30_000;
/** Milliseconds. Live calls end with their webhooks, which takes at most five seconds. */
const STOP_WITHIN = 15_000;
const KEPT_LINES = 200;
/** The binary is missing, or it did not come up; the message says which and shows its last words. */
export class NotReady extends Error {
    name = "NotReady";
}
/** Where the binary is. */
export function findBinary(name) {
    const isFile = (path) => existsSync(path) && statSync(path).isFile();
    const named = name ?? process.env["AHOY_BIN"];
    if (named) {
        if (isFile(named))
            return resolve(named);
        throw new NotReady(`there is no ahoy binary at ${named}`);
    }
    for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
        if (folder && isFile(join(folder, "ahoy")))
            return join(folder, "ahoy");
    }
    for (let folder = process.cwd();; folder = dirname(folder)) {
        const built = join(folder, "target", "release", "ahoy");
        if (isFile(built))
            return built;
        if (folder === dirname(folder))
            break;
    }
    throw new NotReady("there is no ahoy binary: set AHOY_BIN, put `ahoy` on the PATH, or run `cargo build --release` in its checkout");
}
/** `ahoy dev` on free loopback ports with a data folder of its own. */
export class Server {
    /** Address of the running server, without a slash at its end. */
    url = "";
    account;
    #binary;
    #options;
    #lines = [];
    #process;
    #folder;
    #ended = Promise.resolve("was not started");
    constructor(options = {}) {
        this.#binary = findBinary(options.binary);
        this.#options = options;
    }
    get alive() {
        return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
    }
    /** The last lines it wrote. */
    log() {
        return this.#lines.join("\n");
    }
    async start() {
        this.#folder = await mkdtemp(join(tmpdir(), "ahoy-"));
        const args = ["dev", "--json", "--listen", "127.0.0.1:0", "--data", this.#folder, ...(this.#options.args ?? [])];
        const child = spawn(this.#binary, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...this.#options.env } });
        this.#process = child;
        this.#ended = new Promise((settle) => {
            child.once("error", (fault) => settle(`could not be started: ${fault.message}`));
            child.once("close", (code, signal) => settle(`ended with ${code === null ? signal : `status ${code}`}`));
        });
        const ready = new Promise((settle) => {
            for (const pipe of [child.stdout, child.stderr]) {
                createInterface({ input: pipe }).on("line", (line) => {
                    this.#keep(line);
                    if (this.#isReady(line))
                        settle(undefined);
                });
            }
            this.#ended.then(settle);
        });
        let timer;
        const late = new Promise((settle) => {
            timer = setTimeout(() => settle(`was not ready after ${READY_WITHIN} ms`), READY_WITHIN);
        });
        const wrong = await Promise.race([ready, late]);
        clearTimeout(timer);
        if (wrong !== undefined) {
            await this.stop();
            throw new NotReady(`${[this.#binary, ...args].join(" ")} ${wrong}; its last words:\n${this.log()}`);
        }
        return this;
    }
    #keep(line) {
        this.#lines.push(line);
        if (this.#lines.length > KEPT_LINES)
            this.#lines.shift();
    }
    #isReady(line) {
        if (this.url || !line.startsWith("{"))
            return false;
        try {
            const event = JSON.parse(line);
            if (event.event !== "ready" || !event.url)
                return false;
            this.url = event.url.replace(/\/$/, "");
            this.account = event.account;
            return true;
        }
        catch {
            return false;
        }
    }
    /** Asks it to end, waits, and removes its data. */
    async stop() {
        if (this.#process && this.alive) {
            this.#process.kill("SIGTERM");
            const timer = setTimeout(() => this.#process?.kill("SIGKILL"), STOP_WITHIN);
            await this.#ended;
            clearTimeout(timer);
        }
        if (this.#folder)
            await rm(this.#folder, { recursive: true, force: true });
        this.#folder = undefined;
    }
}
