/** The Django project of test/fixtures/real, with a database and uploads in a folder of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Folder } from './folder.ts';
import { folderOf, type Project } from './gunicorn.ts';
import { PYTHON } from './server.ts';

const FOLDER = 'django_project';

export class Library implements Disposable {
  readonly #folder = new Folder();

  /** An empty library, its database migrated. @throws with what Django said where that fails */
  constructor() {
    this.manage('migrate', '--verbosity=0');
  }

  /** Where uploads are kept. */
  get media(): string {
    return join(this.#folder.path, 'media');
  }

  get #environment(): Record<string, string> {
    return { LIBRARY_DATA: this.#folder.path };
  }

  /** How it is served. */
  project(counts: Pick<Project, 'workers' | 'threads'> = {}): Project {
    return { folder: FOLDER, target: 'library.wsgi:application', environment: this.#environment, ...counts };
  }

  /** `manage.py ARGS`. */
  manage(...args: readonly string[]): void {
    const env = { ...process.env, ...this.#environment };
    execFileSync(PYTHON, ['-B', 'manage.py', ...args], { cwd: folderOf({ folder: FOLDER }), env, stdio: 'pipe' });
  }

  addAdministrator(name: string, password: string): void {
    const code = `from django.contrib.auth.models import User; User.objects.create_superuser(${JSON.stringify(name)}, '', ${JSON.stringify(password)})`;
    this.manage('shell', `--command=${code}`);
  }

  /** Adds a document. @param file its path in the media folder; written here with these bytes */
  addDocument(number: number, file: string, bytes: Uint8Array): void {
    mkdirSync(dirname(join(this.media, file)), { recursive: true });
    writeFileSync(join(this.media, file), bytes);
    const fields = { title: file, file, added: '2024-02-29T12:00:00Z' };
    this.#folder.write('document.json', JSON.stringify([{ model: 'documents.document', pk: number, fields }]));
    this.manage('loaddata', '--verbosity=0', join(this.#folder.path, 'document.json'));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}
