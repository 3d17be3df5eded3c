using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper;

/// <summary>Represents one operation of a multi request. Created by the static methods of this class.</summary>
public sealed class MultiOperation
{
    private ReadOnlyMemory<byte>? _data;
    private int _version;
    private CreateRequest? _create;

    private MultiOperation(OperationCode code, string path, bool isSequential = false)
    {
        ZNodePath.ThrowIfInvalid(path, nameof(path), isSequential);
        (Code, Path) = (code, path);
    }

    /// <summary>Gets the path of the node.</summary>
    public string Path { get; }

    internal OperationCode Code { get; }

    /// <summary>Returns an operation that creates a node.</summary>
    /// <param name="path">The path of the node. A sequential name may end in a slash.</param>
    /// <param name="data">The data. They must not change until the multi request has completed.</param>
    /// <param name="mode">
    /// The lifetime of the node, and whether the server appends a number. Default: <see cref="ZNodeMode.Persistent"/>.
    /// </param>
    /// <param name="acl">The access rights. Default: <see cref="ZNodeAcl.OpenToAll"/>.</param>
    /// <param name="timeToLive">The time to live. Required for the modes with a time to live, and invalid for others.</param>
    public static MultiOperation Create(
        string path,
        ReadOnlyMemory<byte>? data,
        ZNodeMode mode = ZNodeMode.Persistent,
        IReadOnlyList<ZNodeAcl>? acl = null,
        TimeSpan? timeToLive = null)
    {
        var request = CreateRequestFactory.Create(new ChrootedPath("", path), data, mode, acl, timeToLive);
        return new MultiOperation(request.Code, path, CreateRequestFactory.IsSequential(mode)) { _create = request };
    }

    /// <summary>Returns an operation that deletes a node without children.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="version">The version that the node must have. Default: -1, any version.</param>
    public static MultiOperation Delete(string path, int version = -1) => new(OperationCode.Delete, path) { _version = version };

    /// <summary>Returns an operation that replaces the data of a node.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="data">The data. They must not change until the multi request has completed.</param>
    /// <param name="version">The version that the node must have. Default: -1, any version.</param>
    public static MultiOperation SetData(string path, ReadOnlyMemory<byte>? data, int version = -1) =>
        new(OperationCode.SetData, path) { _data = data, _version = version };

    /// <summary>Returns an operation that fails unless a node has a version. It changes nothing.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="version">The version that the node must have. -1: any version of a node that exists.</param>
    public static MultiOperation Check(string path, int version) => new(OperationCode.Check, path) { _version = version };

    internal void WriteTo(JuteWriter writer, string chroot)
    {
        var target = new ChrootedPath(chroot, Path);
        switch (Code)
        {
            case OperationCode.Delete:
                new DeleteRequest(target, _version).WriteTo(writer);
                break;
            case OperationCode.SetData:
                new SetDataRequest(target, _data, _version).WriteTo(writer);
                break;
            case OperationCode.Check:
                // ustring path; int version
                writer.WritePath(target);
                writer.WriteInt32(_version);
                break;
            default:
                (_create!.Value with { Target = target }).WriteTo(writer);
                break;
        }
    }
}
