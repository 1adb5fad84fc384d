// kinesis-local listens on all addresses and has no option for it. Loaded before it (node -r), this keeps every TCP listener on loopback.
'use strict';
const net = require('net');

const host = '127.0.0.1';
const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...args) {
  const first = args[0];
  if (typeof first === 'object' && first !== null && 'port' in first) {
    args[0] = { ...first, host };
  } else if (typeof first === 'number' || /^\d+$/.test(first)) {
    // listen(port[, host][, backlog][, callback])
    if (typeof args[1] === 'string') args[1] = host;
    else args.splice(1, 0, host);
  }
  return listen.apply(this, args);
};
