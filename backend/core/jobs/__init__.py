"""Jobs that the worker does: the row is the job, a message is only a hint that it waits.

An app makes a kind of job in five steps; `backend.adaptation` is the example.

1. models.py: `class Sorting(LeasedJob)` with `TASK = "sorting.execute"`, `KIND = "sorting"` and its own fields; its Meta begins with
   `constraints = [*LeasedJob.Meta.constraints, ...]`. What is to happen at a change of state goes into the hooks `announce`, `begin_anew`,
   `summary`, `ended` and `died`.
2. services.py: save a row, record it, then `transitions.tell_worker(job)`, all in one transaction; `transitions.cancel(job, by=user)`.
3. execution.py: `def execute(job_id): work_on(Sorting, job_id, _sort, explain=_explain)`, where `_sort(attempt)` calls `attempt.check()` at
   least twice a second, `attempt.note({...})` to show how far it is, and writes its end in `with attempt.finishing() as job:`.
4. tasks.py: `@shared_task(name="sorting.execute")` around `execute`; `backend.config.celery` finds the tasks of the apps it names, and
   CELERY_TASK_ROUTES sends those that last for minutes to another queue than `intake`.
5. Nothing else: the worker sweeps every model that is a LeasedJob.

An attempt may die at any moment and be made again by another worker: what it does has to bear that. All it writes to the database goes
through `attempt.transaction()` or `attempt.finishing()`, which raise LeaseLost where somebody else has the job by now.
"""
