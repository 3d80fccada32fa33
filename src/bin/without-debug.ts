// The engine's client prints whole requests and answers when this is set, secrets and all. It looks at it when it is
// loaded, so this is the first import of each program.
delete process.env['DEBUG'];
