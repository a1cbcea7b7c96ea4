// What the package says of a corpus, in whatever runs JavaScript: the same lines in Node and in a browser.

/** For each policy and action: the verdict's bytes and the digest, or why it is refused. */
export function decideAll({ Policy, ActionError, digest }, corpus) {
  return corpus.map(({ text, actions }) => {
    const policy = Policy.parse(text);
    const answers = actions.map((action) => {
      try {
        return { verdict: JSON.stringify(policy.decide(action)), digest: digest(action) };
      } catch (error) {
        if (!(error instanceof ActionError)) throw error;
        return { code: error.code, problems: error.problems };
      }
    });
    const named = policy.digest;
    policy.free();
    return { named, answers };
  });
}
