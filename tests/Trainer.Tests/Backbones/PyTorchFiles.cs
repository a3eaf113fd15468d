namespace Edge.Tests.Backbones;

/// <summary>PyTorch checkpoints, good and bad, written by Python's own pickle and zipfile: the names of torch's functions are enough, torch itself is not needed.</summary>
internal static class PyTorchFiles
{
    /// <param name="safetensors">Where the tensors come from.</param>
    /// <param name="format">zip or legacy.</param>
    /// <param name="mode">plain, wrapped (beside other things), parallel (module. before the names), half, strided, parameter, code, argparse.</param>
    public static string Write(string safetensors, string path, string format = "zip", string mode = "plain", int protocol = 2)
    {
        Python.Run(Script, "pickle", safetensors, path, format, mode, $"{protocol}");
        return path;
    }

    private const string Script = """
        import argparse, collections, io, json, os, pickle, struct, sys, types, zipfile
        source, path, format, mode, protocol = sys.argv[1:5] + [int(sys.argv[5])]

        torch, utils = types.ModuleType('torch'), types.ModuleType('torch._utils')
        sys.modules.update({'torch': torch, 'torch._utils': utils})
        def named(module, name, kind):
            kind.__module__, kind.__qualname__, kind.__name__ = module.__name__, name, name
            setattr(module, name, kind)
            return kind
        rebuild = named(utils, '_rebuild_tensor_v2', lambda *a: None)
        parameter = named(utils, '_rebuild_parameter', lambda *a: None)
        classes = {c: named(torch, n, type(n, (), {})) for c, n in (('f', 'FloatStorage'), ('e', 'HalfStorage'), ('q', 'LongStorage'))}

        class Storage:
            def __init__(self, key, kind, data): self.key, self.kind, self.data = key, kind, data
            @property
            def count(self): return len(self.data) // struct.calcsize(self.kind)
        class Tensor:
            def __init__(self, storage, offset, shape): self.storage, self.offset, self.shape = storage, offset, tuple(shape)
            def __reduce__(self):
                stride, n = [], 1
                for side in reversed(self.shape): stride.insert(0, n); n *= side
                if mode == 'strided' and len(stride) > 1: stride.reverse()
                return rebuild, (self.storage, self.offset, self.shape, tuple(stride), False, collections.OrderedDict())
        class Parameter:
            def __init__(self, data): self.data = data
            def __reduce__(self): return parameter, (self.data, True, collections.OrderedDict())
        class Code:
            def __reduce__(self): return os.system, ('touch ' + path + '.executed',)
        class Pickler(pickle.Pickler):
            def persistent_id(self, o):
                if not isinstance(o, Storage): return None
                return ('storage', classes[o.kind], o.key, 'cpu', o.count) + ((None,) if format == 'legacy' else ())

        raw = open(source, 'rb').read()
        size = struct.unpack('<Q', raw[:8])[0]
        header, data = json.loads(raw[8:8 + size]), raw[8 + size:]
        header.pop('__metadata__', None)
        weights, storages = collections.OrderedDict(), []
        def add(name, kind, values, shape, offset=0):
            storages.append(Storage(str(len(storages)), kind, values))
            weights[name] = Tensor(storages[-1], offset, shape)
        for name, t in header.items():
            values = data[slice(*t['data_offsets'])]
            if mode == 'half':
                numbers = struct.unpack('<%df' % (len(values) // 4), values)
                add(name, 'e', struct.pack('<%de' % len(numbers), *numbers), t['shape'])
            else:
                add(('module.' if mode == 'parallel' else '') + name, 'f', b'\0' * 8 + values, t['shape'], offset=2)
            if mode == 'parameter': weights[name] = Parameter(weights[name])
        if mode != 'parallel': add('bn1.num_batches_tracked', 'q', struct.pack('<q', 7), [])
        weights._metadata = collections.OrderedDict(version=1)
        top = weights
        if mode == 'wrapped': top = {'epoch': 3, 'best': 0.5, 'big': 1 << 40, 'ok': True, 'none': None, 'state_dict': weights, 'optimizer': {'state': {0: [1, -2]}, 'name': 'sgd'}}
        if mode == 'code': weights['zz'] = Code()
        if mode == 'argparse': top = {'args': argparse.Namespace(a=1), 'state_dict': weights}

        if format == 'zip':
            pickled = io.BytesIO()
            Pickler(pickled, protocol).dump(top)
            with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as z:
                z.writestr('archive/data.pkl', pickled.getvalue())
                z.writestr('archive/byteorder', 'little')
                for s in storages: z.writestr('archive/data/' + s.key, s.data)
                z.writestr('archive/version', '3\n')
        else:
            with open(path, 'wb') as f:
                pickle.dump(0x1950a86a20f9469cfc6c, f, protocol=2)
                pickle.dump(1001, f, protocol=2)
                pickle.dump(dict(protocol_version=1001, little_endian=True, type_sizes=dict(short=2, int=4, long=4)), f, protocol=2)
                Pickler(f, protocol).dump(top)
                pickle.dump(sorted(s.key for s in storages), f, protocol=2)
                for s in sorted(storages, key=lambda s: s.key):
                    f.write(struct.pack('<q', s.count) + s.data)
        """;
}
